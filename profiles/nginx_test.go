package profiles_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/narrow-sandbox/narrow/internal/freeport"
	"golang.org/x/sys/unix"
)

// site is a folder with all that nginx reads and writes in a test.
type site struct {
	*server
	t              *testing.T
	who            user
	dir, port, url string
	main           string // directives before all blocks
	client         *http.Client
	sets           []string
}

const nginxTemplate = `MAIN
worker_processes 2;
pid DIR/run/pid;
error_log DIR/logs/error.log info;
pcre_jit on;
thread_pool default threads=2;
worker_shutdown_timeout 5s;
events { worker_connections 256; }
http {
	include /etc/nginx/mime.types;
	access_log DIR/logs/access.log;
	client_body_temp_path DIR/state/body; proxy_temp_path DIR/state/proxy;
	fastcgi_temp_path DIR/state/fastcgi; uwsgi_temp_path DIR/state/uwsgi; scgi_temp_path DIR/state/scgi;
	proxy_cache_path DIR/state/cache levels=1:2 keys_zone=cache:1m;
	sendfile on; tcp_nopush on; gzip on; gzip_types text/plain; client_max_body_size 20m;
	server {
		listen 127.0.0.1:PORT; root DIR/www;
		location ~ ^/echo/(\d+)$ { return 200 "echo $1"; }
		location /threads/ { alias DIR/www/; aio threads; sendfile off; directio 1m; }
		location /list/ { alias DIR/www/; autoindex on; index none; }
		location /careful/ { alias DIR/www/; disable_symlinks on; }
		location /status { stub_status; }
		MORE
	}
}
`

// newSite makes the folder and nginx.conf, with more directives in its server
// block, and others before all blocks. DIR in them stands for the folder.
func newSite(t *testing.T, who user, more string, main ...string) *site {
	t.Helper()
	n := &site{t: t, who: who, dir: stateDir(t, who), port: freePort(t), main: strings.Join(main, " ")}
	if who == root && n.main == "" {
		n.main = "user www-data;"
	}
	os.Chmod(n.dir, 0o755) // the workers' user passes
	for _, name := range []string{"www", "state", "logs", "run", "conf"} {
		n.mkdir(name)
	}
	n.url = "http://127.0.0.1:" + n.port
	n.client = &http.Client{Timeout: patience, Transport: &http.Transport{DisableCompression: true}}
	t.Cleanup(n.client.CloseIdleConnections)
	n.sets = []string{"port=" + n.port, "tls=no", "www=" + n.dir + "/www", "conf=" + n.dir + "/conf",
		"state=" + n.dir + "/state", "logs=" + n.dir + "/logs", "run=" + n.dir + "/run", "threads=yes"}
	n.configure(more)
	return n
}

func (n *site) mkdir(name string) {
	n.t.Helper()
	path := filepath.Join(n.dir, name)
	if err := os.Mkdir(path, 0o755); err != nil {
		n.t.Fatal(err)
	}
	if os.Geteuid() == 0 {
		os.Chown(path, int(n.who.uid), int(n.who.gid))
	}
}

// configure writes nginx.conf.
func (n *site) configure(more string) {
	n.t.Helper()
	text := strings.NewReplacer("MAIN", n.main, "MORE", more).Replace(nginxTemplate)
	text = strings.NewReplacer("DIR", n.dir, "PORT", n.port).Replace(text)
	write(n.t, n.who, filepath.Join(n.dir, "conf/nginx.conf"), text)
}

// args starts the program, in the foreground or as a daemon.
func (n *site) args(daemon string) []string {
	return []string{need(n.t, "nginx"), "-e", n.dir + "/logs/error.log", "-c", n.dir + "/conf/nginx.conf", "-g", "daemon " + daemon + ";"}
}

// start runs it in the foreground, and sees to it that no worker outlives the test.
func (n *site) start(sets ...string) {
	n.t.Helper()
	n.server = start(n.t, n.who, append(n.sets, sets...), "nginx", n.args("off")...)
	n.t.Cleanup(func() {
		left := children(n.t, n.cmd.Process.Pid)
		n.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-n.exited:
		case <-time.After(patience):
			n.t.Errorf("still running %v after SIGTERM", patience)
		}
		for _, pid := range left {
			if !ended(pid) {
				n.t.Errorf("worker %d outlives its master", pid)
				syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	})
	n.waitFor("tcp", "127.0.0.1:"+n.port)
}

// serveSite starts it and has it running.
func serveSite(t *testing.T, who user, more string, sets ...string) *site {
	t.Helper()
	need(t, "nginx")
	n := newSite(t, who, more)
	n.start(sets...)
	return n
}

// do sends a request and reads the answer.
func (n *site) do(method, path, body string, header ...string) (int, string, http.Header) {
	n.t.Helper()
	status, text, h, err := n.try(method, path, body, header...)
	if err != nil {
		n.t.Fatalf("%s %s: %v", method, path, err)
	}
	return status, text, h
}

func (n *site) try(method, path, body string, header ...string) (int, string, http.Header, error) {
	request, err := http.NewRequest(method, n.url+path, strings.NewReader(body))
	if err != nil {
		return 0, "", nil, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := n.client.Do(request)
	if err != nil {
		return 0, "", nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), response.Header, err
}

// want demands the status and the text of an answer to GET.
func (n *site) want(path string, status int, text string) {
	n.t.Helper()
	if gotStatus, got, _ := n.do("GET", path, ""); gotStatus != status || got != text {
		n.t.Errorf("GET %s: %d, %d bytes %.100q; want %d, %d bytes", path, gotStatus, len(got), got, status, len(text))
	}
}

// until repeats GET until the text comes.
func (n *site) until(path, text string) {
	n.t.Helper()
	var got string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if _, got, _, _ = n.try("GET", path, ""); got == text {
			return
		}
	}
	log, _ := os.ReadFile(filepath.Join(n.dir, "logs/error.log"))
	n.t.Fatalf("GET %s: %.200q, want %.200q\n%s", path, got, text, log)
}

// workers waits until a master has two and lists them. Their titles change once
// they have become what they stay.
func workers(t *testing.T, master int) []int {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		var list []int
		for _, pid := range children(t, master) {
			title, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			if bytes.HasPrefix(title, []byte("nginx: worker process")) && !bytes.Contains(title, []byte("shutting down")) {
				list = append(list, pid)
			}
		}
		if len(list) == 2 {
			return list
		}
		if time.Now().After(deadline) {
			t.Fatalf("workers of %d: %v", master, list)
		}
	}
}

// mustBeFiltered looks at master and workers: each worker has come a phase
// further and is nobody's tracee. Workers of root have become another user
// without powers.
func (n *site) mustBeFiltered(master int) {
	n.t.Helper()
	waitForThreads(n.t, master, 1, thread{mode: "2", filters: "2", noNewPrivs: "1"})
	for _, pid := range workers(n.t, master) {
		waitForFilters(n.t, pid, 1, "3")
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil || bytes.Contains(text, []byte("Uid:\t0")) || !bytes.Contains(text, []byte("CapEff:\t0000000000000000")) {
			n.t.Errorf("worker %d: %v\n%s", pid, err, text)
		}
	}
}

// file puts a file into a folder of the site.
func (n *site) file(name, text string) {
	n.t.Helper()
	write(n.t, n.who, filepath.Join(n.dir, name), text)
}

// noise is n bytes that do not repeat.
func noise(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return string(b)
}

// TestNginxServes asks for files small and large in every way that it reads
// them, over one connection, and ends it gracefully.
func TestNginxServes(t *testing.T) {
	eachUserOf(t, "nginx", func(t *testing.T, who user) {
		n := serveSite(t, who, "")
		big, text := noise(3<<20), strings.Repeat("all work and no play\n", 5000)
		n.file("www/index.html", "hello")
		n.file("www/big", big)
		n.file("www/text.txt", text)
		conns := n.countConnections()
		n.want("/", 200, "hello")
		n.want("/big", 200, big) // sendfile
		n.want("/text.txt", 200, text)
		n.want("/echo/42", 200, "echo 42") // a regular expression, without code of its own
		n.want("/threads/big", 200, big)
		n.want("/threads/text.txt", 200, text)
		n.want("/careful/text.txt", 200, text)
		if status, body, _ := n.do("GET", "/none", ""); status != 404 || !strings.Contains(body, "404 Not Found") {
			t.Errorf("404: %d, %s", status, body)
		}
		if status, body, _ := n.do("GET", "/big", "", "Range", "bytes=1000000-1000009"); status != 206 || body != big[1000000:1000010] {
			t.Errorf("a range: %d, %d bytes", status, len(body))
		}
		if status, body, _ := n.do("HEAD", "/big", ""); status != 200 || body != "" {
			t.Errorf("HEAD: %d, %d bytes", status, len(body))
		}
		if _, body, _ := n.do("GET", "/list/", ""); !strings.Contains(body, "text.txt") {
			t.Errorf("the list of files: %s", body)
		}
		if _, body, _ := n.do("GET", "/status", ""); !strings.Contains(body, "Active connections: 1") {
			t.Errorf("stub_status: %s", body)
		}
		n.wantGzip("/text.txt", text)
		if got := conns.Load(); got != 1 {
			t.Errorf("%d connections, want one kept alive", got)
		}
		n.mustBeFiltered(n.cmd.Process.Pid)
		for _, pid := range children(t, n.cmd.Process.Pid) {
			waitForFilters(t, pid, 1, "3") // those that look after the cache, too
		}
		if state := n.stop(syscall.SIGQUIT); state.ExitCode() != 0 {
			t.Errorf("ended with %v after SIGQUIT", state)
		}
		emptyBut(t, filepath.Join(n.dir, "run"))
	})
}

// countConnections counts the connections that the client opens from now on.
func (n *site) countConnections() *atomic.Int32 {
	var count atomic.Int32
	base := n.client.Transport
	n.client.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
			if !info.Reused {
				count.Add(1)
			}
		}}
		return base.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	})
	return &count
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func (n *site) wantGzip(path, text string) {
	n.t.Helper()
	_, body, header := n.do("GET", path, "", "Accept-Encoding", "gzip")
	r, err := gzip.NewReader(strings.NewReader(body))
	if err != nil || header.Get("Content-Encoding") != "gzip" {
		n.t.Fatalf("gzip: %v, %v", header, err)
	}
	if got, err := io.ReadAll(r); string(got) != text {
		n.t.Errorf("gzip: %d bytes, %v", len(got), err)
	}
}

// TestNginxFinishesBeforeItQuits sends SIGQUIT while an answer is on its way.
func TestNginxFinishesBeforeItQuits(t *testing.T) {
	n := serveSite(t, nobodyOr(t), "")
	big := noise(8 << 20)
	n.file("www/big", big)
	response, err := n.client.Get(n.url + "/big")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	n.cmd.Process.Signal(syscall.SIGQUIT)
	if got, err := io.ReadAll(response.Body); string(got) != big {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	n.client.CloseIdleConnections()
	n.waitEnd()
}

// TestNginxReloads changes the configuration under load: no request is lost,
// and the new workers are filtered.
func TestNginxReloads(t *testing.T) {
	eachUserOf(t, "nginx", func(t *testing.T, who user) {
		n := serveSite(t, who, `location /version { return 200 "one"; }`)
		n.want("/version", 200, "one")
		n.client.Transport.(*http.Transport).DisableKeepAlives = true
		before := workers(t, n.cmd.Process.Pid)
		stop, failed := make(chan struct{}), make(chan error, 1)
		go func() { failed <- n.load(stop) }()
		for _, version := range []string{"two", "three"} {
			n.configure(`location /version { return 200 "` + version + `"; }`)
			n.cmd.Process.Signal(syscall.SIGHUP)
			n.until("/version", version)
		}
		close(stop)
		if err := <-failed; err != nil {
			t.Error(err)
		}
		for _, pid := range before {
			waitGone(t, pid)
		}
		n.mustBeFiltered(n.cmd.Process.Pid)
		n.tracerStays()
	})
}

// tracerStays demands that the master, which may fork more workers, is traced,
// that status says so, and that the tracer goes with it.
func (n *site) tracerStays() {
	n.t.Helper()
	master := n.cmd.Process.Pid
	tracer, _ := strconv.Atoi(threads(n.t, master)[0].tracer)
	out, err := exec.Command(narrowBinary, "status", strconv.Itoa(master)).CombinedOutput()
	if tracer == 0 || err != nil || !bytes.Contains(out, []byte(strconv.Itoa(tracer))) {
		n.t.Errorf("traced by %d; status: %v\n%s", tracer, err, out)
		return
	}
	n.stop(syscall.SIGQUIT)
	waitGone(n.t, tracer)
}

// load sends requests until told to stop, and returns the first that fails.
func (n *site) load(stop <-chan struct{}) error {
	for i := 0; ; i++ {
		select {
		case <-stop:
			return nil
		default:
		}
		path := "/echo/" + strconv.Itoa(i)
		if status, body, _, err := n.try("GET", path, ""); err != nil || status != 200 || body != "echo "+strconv.Itoa(i) {
			return fmt.Errorf("%s: %d, %q, %v", path, status, body, err)
		}
	}
}

// TestNginxReopensItsLogs moves the log away and sends SIGUSR1. A worker that
// may not make the new error log its standard error would log that.
func TestNginxReopensItsLogs(t *testing.T) {
	eachUserOf(t, "nginx", func(t *testing.T, who user) {
		n := serveSite(t, who, "")
		log := filepath.Join(n.dir, "logs/access.log")
		n.do("GET", "/echo/1", "")
		if err := os.Rename(log, log+".1"); err != nil {
			t.Fatal(err)
		}
		n.cmd.Process.Signal(syscall.SIGUSR1)
		for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			n.do("GET", "/echo/2", "")
			if text, _ := os.ReadFile(log); bytes.Contains(text, []byte("/echo/2")) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("nothing is logged into the new file")
			}
		}
		n.mustHaveLoggedNothing("emerg", "alert", "crit")
	})
}

// TestNginxReplacesAWorker kills one; the new one is filtered.
func TestNginxReplacesAWorker(t *testing.T) {
	n := serveSite(t, nobodyOr(t), "")
	master := n.cmd.Process.Pid
	victim := workers(t, master)[0]
	syscall.Kill(victim, syscall.SIGKILL)
	waitGone(t, victim)
	workers(t, master)
	n.want("/echo/1", 200, "echo 1")
	n.mustBeFiltered(master)
}

// TestNginxKillsAStuckWorker ends it while a worker does not listen to anybody:
// after a second the master sends SIGKILL.
func TestNginxKillsAStuckWorker(t *testing.T) {
	t.Parallel()
	who := nobodyOr(t)
	if os.Geteuid() == 0 {
		who = root // the worker is another user's
	}
	n := serveSite(t, who, "")
	stuck := workers(t, n.cmd.Process.Pid)[0]
	syscall.Kill(stuck, syscall.SIGSTOP)
	t.Cleanup(func() { syscall.Kill(stuck, syscall.SIGKILL) })
	if state := n.stop(syscall.SIGTERM); state.ExitCode() != 0 {
		t.Errorf("ended with %v", state)
	}
	waitGone(t, stuck)
}

// TestNginxAsRoot has the master do what root can do and its user cannot: bind
// a low port, read another's key, mend its folders, give workers more of the
// processor and fewer files.
func TestNginxAsRoot(t *testing.T) {
	needRoot(t)
	low := strconv.Itoa(freeport.Low(t))
	n := newSite(t, root, "listen 127.0.0.1:"+low+" ssl; ssl_certificate DIR/conf/cert.pem; ssl_certificate_key DIR/conf/key.pem;",
		"user www-data; worker_priority -5; worker_rlimit_nofile 1234;")
	key, _ := certificate(t, filepath.Join(n.dir, "conf"))
	os.Chmod(key, 0o400)
	os.Chown(key, int(nobody.uid), int(nobody.gid))
	n.mkdir("state/body")
	os.Chown(filepath.Join(n.dir, "state/body"), int(nobody.uid), int(nobody.gid))
	os.Chmod(filepath.Join(n.dir, "state/body"), 0o500)
	n.start("tls=" + low)
	n.waitFor("tcp", "127.0.0.1:"+low)
	dialTLS(t, "127.0.0.1:"+low)
	n.mustBeFiltered(n.cmd.Process.Pid)
	for _, pid := range workers(t, n.cmd.Process.Pid) {
		if nice, err := unix.Getpriority(unix.PRIO_PROCESS, pid); err != nil || 20-nice != -5 {
			t.Errorf("worker_priority: %d, %v", 20-nice, err)
		}
		limits, _ := os.ReadFile(fmt.Sprintf("/proc/%d/limits", pid))
		if !regexp.MustCompile(`Max open files +1234 +1234 `).Match(limits) {
			t.Errorf("worker_rlimit_nofile:\n%s", limits)
		}
	}
	if info, err := os.Stat(filepath.Join(n.dir, "state/body")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of temporary files: %v, %v", info.Mode(), err)
	}
	n.mustHaveLoggedNothing("emerg", "alert", "crit")
}

// mustHaveLoggedNothing demands that error.log holds no line of these levels.
func (n *site) mustHaveLoggedNothing(levels ...string) {
	n.t.Helper()
	text, err := os.ReadFile(filepath.Join(n.dir, "logs/error.log"))
	if err != nil {
		n.t.Error(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		for _, level := range levels {
			if strings.Contains(line, "["+level+"]") {
				n.t.Errorf("logged: %s", line)
			}
		}
	}
}

// TestNginxListens tries every option of listen and of connections that the
// profile names: each that failed would be logged.
func TestNginxListens(t *testing.T) {
	t.Parallel()
	eachUserOf(t, "nginx", func(t *testing.T, who user) {
		second, third := freePort(t), freePort(t)
		upstreamPort, _ := upstream(t)
		n := newSite(t, who, `reset_timedout_connection on; send_timeout 1s; read_ahead 512k;
			listen 127.0.0.1:`+second+` reuseport so_keepalive=10:10:3 rcvbuf=64k sndbuf=64k deferred fastopen=16;
			`+onIPv6("listen [::1]:"+third+" ipv6only=on so_keepalive=on;")+`
			location /info { return 200 "$tcpinfo_rtt"; }
			location /up/ { proxy_pass http://127.0.0.1:`+upstreamPort+`; proxy_socket_keepalive on; proxy_store DIR/state/proxy/stored; proxy_store_access user:rw all:r; }`,
			"timer_resolution 100ms; worker_cpu_affinity auto; working_directory DIR/state;")
		n.start("port=any", "proxy="+upstreamPort)
		n.file("www/big", noise(16<<20))
		for _, address := range strings.Fields("127.0.0.1:" + n.port + " 127.0.0.1:" + second + " " + onIPv6("[::1]:"+third)) {
			n.url = "http://" + address
			n.waitFor("tcp", address)
			n.want("/echo/7", 200, "echo 7")
		}
		if _, body, _ := n.do("GET", "/info", ""); body == "" {
			t.Error("TCP_INFO is empty")
		}
		n.do("GET", "/up/", "")
		if info, err := os.Stat(filepath.Join(n.dir, "state/proxy/stored")); err != nil || info.Mode().Perm() != 0o604 {
			t.Errorf("proxy_store: %v, %v", info, err)
		}
		n.waitForReset()
		n.mustHaveLoggedNothing("emerg", "alert", "crit")
	})
}

// onIPv6 is text where the machine has IPv6.
func onIPv6(text string) string {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return ""
	}
	l.Close()
	return text
}

// waitForReset takes no more of an answer until nginx resets the connection.
func (n *site) waitForReset() {
	n.t.Helper()
	conn := dial(n.t, "tcp", strings.TrimPrefix(n.url, "http://"))
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "GET /big HTTP/1.0\r\n\r\n")
	n.untilLogged("client timed out", "/big")
	if _, err := io.Copy(io.Discard, conn); !errors.Is(err, syscall.ECONNRESET) {
		n.t.Errorf("after send_timeout: %v", err)
	}
}

// TestNginxDaemon lets it go into the background, steers it by `nginx -s`,
// and asks for an upgrade, which the profile denies and the master survives.
func TestNginxDaemon(t *testing.T) {
	eachUserOf(t, "nginx", func(t *testing.T, who user) {
		n := newSite(t, who, "")
		s := start(t, who, n.sets, "nginx", n.args("on")...)
		s.waitEnd()
		if !s.cmd.ProcessState.Success() {
			t.Fatalf("%v\n%s", s.cmd.ProcessState, s.stderr)
		}
		pid := pidIn(t, filepath.Join(n.dir, "run/pid"))
		t.Cleanup(func() {
			for _, child := range append(children(t, pid), pid) {
				syscall.Kill(child, syscall.SIGKILL)
			}
		})
		n.until("/echo/1", "echo 1")
		syscall.Kill(pid, syscall.SIGUSR2)
		n.untilLogged("new binary process", "exited on signal 31")
		n.want("/echo/2", 200, "echo 2")
		before := workers(t, pid)
		n.steer("reload")
		for _, worker := range before {
			waitGone(t, worker)
		}
		n.until("/echo/3", "echo 3")
		n.mustBeFiltered(pid)
		n.client.CloseIdleConnections()
		n.steer("quit")
		waitGone(t, pid)
		emptyBut(t, filepath.Join(n.dir, "run"))
	})
}

// steer runs `nginx -s SIGNAL` under the profile, too.
func (n *site) steer(signal string) {
	n.t.Helper()
	s := start(n.t, n.who, n.sets, "nginx", append(n.args("on"), "-s", signal)...)
	s.waitEnd()
	if !s.cmd.ProcessState.Success() {
		n.t.Errorf("nginx -s %s: %v\n%s", signal, s.cmd.ProcessState, s.stderr)
	}
}

// untilLogged waits for a line of error.log that holds all words.
func (n *site) untilLogged(words ...string) {
	n.t.Helper()
	var text []byte
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		text, _ = os.ReadFile(filepath.Join(n.dir, "logs/error.log"))
		for _, line := range strings.Split(string(text), "\n") {
			found := true
			for _, word := range words {
				found = found && strings.Contains(line, word)
			}
			if found {
				return
			}
		}
	}
	n.t.Fatalf("never logged: %q\n%s", words, text)
}

// upstream is a server behind nginx.
func upstream(t *testing.T) (port string, hits *atomic.Int32) {
	t.Helper()
	hits = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits.Add(1)
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %d\n", r.Method, r.URL.Path, len(body))
		w.Write(bytes.Repeat([]byte("from upstream\n"), 100_000))
	}))
	t.Cleanup(s.Close)
	_, port, err := net.SplitHostPort(s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port, hits
}

// TestNginxProxies puts an upstream behind it, with buffers so small that
// bodies go through temporary files, and a cache.
func TestNginxProxies(t *testing.T) {
	eachUserOf(t, "nginx", func(t *testing.T, who user) {
		port, hits := upstream(t)
		n := serveSite(t, who, strings.ReplaceAll(`client_body_buffer_size 16k; proxy_buffers 4 4k; proxy_busy_buffers_size 8k;
			location /up/ { proxy_pass http://127.0.0.1:UP; }
			location /cached/ { proxy_pass http://127.0.0.1:UP; proxy_cache cache; proxy_cache_valid 1m; }`, "UP", port), "proxy="+port)
		tail := strings.Repeat("from upstream\n", 100_000)
		n.want("/up/a", 200, "GET /up/a 0\n"+tail)
		if status, body, _ := n.do("POST", "/up/b", noise(1<<20)); status != 200 || body != "POST /up/b 1048576\n"+tail {
			t.Errorf("POST: %d, %d bytes, %.100q", status, len(body), body)
		}
		before := hits.Load()
		for range 3 {
			n.want("/cached/c", 200, "GET /cached/c 0\n"+tail)
		}
		if got := hits.Load() - before; got != 1 {
			t.Errorf("the upstream was asked %d times for what is cached", got)
		}
		n.mustBeFiltered(n.cmd.Process.Pid)
	})
}

// TestNginxGoesNowhere has an upstream that the params do not name.
func TestNginxGoesNowhere(t *testing.T) {
	port, hits := upstream(t)
	for refused, sets := range map[string][]string{
		"socket() failed (97: Address family not supported by protocol)":     nil,
		"connect() to 127.0.0.1:" + port + " failed (13: Permission denied)": {"proxy=" + freePort(t)},
	} {
		n := serveSite(t, nobodyOr(t), `location /up/ { proxy_pass http://127.0.0.1:`+port+`; }`, sets...)
		if status, _, _ := n.do("GET", "/up/", ""); status != 502 && status != 500 {
			t.Errorf("%v: status %d", sets, status)
		}
		n.untilLogged(refused)
		n.want("/echo/1", 200, "echo 1")
	}
	if hits.Load() != 0 {
		t.Error("the upstream was reached")
	}
}

// TestNginxTLS serves HTTP/2 over TLS, with the key out of nginx.conf's folder.
func TestNginxTLS(t *testing.T) {
	eachUserOf(t, "nginx", func(t *testing.T, who user) {
		port := freePort(t)
		n := newSite(t, who, "listen 127.0.0.1:"+port+" ssl http2; ssl_certificate DIR/conf/cert.pem; ssl_certificate_key DIR/conf/key.pem;")
		key, _ := certificate(t, filepath.Join(n.dir, "conf"))
		if who == root {
			os.Chmod(key, 0o600) // the master reads it before it forks
		}
		n.file("www/big", noise(1<<20))
		n.start("tls=" + port)
		n.waitFor("tcp", "127.0.0.1:"+port)
		n.client.Transport = &http.Transport{ForceAttemptHTTP2: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
		response, err := n.client.Get("https://127.0.0.1:" + port + "/big")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if body, err := io.ReadAll(response.Body); response.ProtoMajor != 2 || len(body) != 1<<20 || err != nil {
			t.Errorf("%s, %d bytes, %v", response.Proto, len(body), err)
		}
	})
}

// TestNginxUploads writes by WebDAV where the param allows it, and only there.
func TestNginxUploads(t *testing.T) {
	const dav = `location /dav/ { dav_methods PUT DELETE MKCOL COPY MOVE; create_full_put_path on; dav_access user:rw group:r; }`
	for _, may := range []string{"yes", "no"} {
		n := newSite(t, nobodyOr(t), dav)
		n.mkdir("www/dav")
		n.start("upload=" + may)
		destination := n.url + "/dav/moved"
		for _, step := range []struct {
			method, path, body string
			status             int
		}{
			{"PUT", "/dav/a/b", noise(100_000), 201}, {"MKCOL", "/dav/c/", "", 201}, {"COPY", "/dav/a/b", "", 204},
			{"MOVE", "/dav/a/b", "", 204}, {"DELETE", "/dav/c/", "", 204}, {"DELETE", "/dav/moved", "", 204},
		} {
			status, _, _ := n.do(step.method, step.path, step.body, "Destination", destination, "Overwrite", "T", "Date", "Mon, 02 Jan 2006 15:04:05 GMT")
			if (status == step.status) != (may == "yes") {
				t.Errorf("upload=%s: %s %s: %d", may, step.method, step.path, status)
			}
		}
		if may == "no" {
			emptyBut(t, filepath.Join(n.dir, "www/dav"))
		}
	}
}

// TestNginxUnixSocket listens on one and has an upstream behind another.
func TestNginxUnixSocket(t *testing.T) {
	eachUserOf(t, "nginx", func(t *testing.T, who user) {
		n := newSite(t, who, "listen unix:DIR/run/socket; location /up/ { proxy_pass http://unix:DIR/up:/; }")
		l, err := net.Listen("unix", filepath.Join(n.dir, "up"))
		if err != nil {
			t.Fatal(err)
		}
		os.Chmod(filepath.Join(n.dir, "up"), 0o777)
		behind := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "behind") })}
		go behind.Serve(l)
		t.Cleanup(func() { behind.Close() })
		n.start("unix=yes")
		n.want("/up/", 200, "behind")
		conn := dial(t, "unix", filepath.Join(n.dir, "run/socket"))
		conn.SetDeadline(time.Now().Add(patience))
		fmt.Fprintf(conn, "GET /echo/9 HTTP/1.0\r\n\r\n")
		if answer, err := io.ReadAll(conn); !bytes.HasSuffix(answer, []byte("echo 9")) {
			t.Errorf("%q, %v", answer, err)
		}
	})
}

// TestNginxKeepsToItsFiles points it at what is not its own, as a mistake in
// nginx.conf or a link in a folder of users does.
func TestNginxKeepsToItsFiles(t *testing.T) {
	eachUserOf(t, "nginx", func(t *testing.T, who user) {
		n := serveSite(t, who, "location /etc/ { alias /etc/; } location /proc/ { alias /proc/; }")
		n.file("secret", "secret")
		if err := os.Symlink(filepath.Join(n.dir, "secret"), filepath.Join(n.dir, "www/link")); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"/etc/hostname", "/etc/debian_version", "/proc/self/environ", "/proc/version", "/link"} {
			if status, body, _ := n.do("GET", path, ""); status != 403 {
				t.Errorf("%s: %d, %.100q", path, status, body)
			}
		}
		n.want("/echo/1", 200, "echo 1")
	})
}

// TestNginxSmallSteps runs what never serves.
func TestNginxSmallSteps(t *testing.T) {
	need(t, "nginx")
	n := newSite(t, nobodyOr(t), "")
	for _, c := range []struct {
		option string
		status int
	}{{"-t", 0}, {"-T", 0}, {"-V", 0}, {"-h", 0}, {"-x", 1}} {
		s := start(t, n.who, n.sets, "nginx", append(n.args("off"), c.option)...)
		s.waitEnd()
		if got := s.cmd.ProcessState.ExitCode(); got != c.status {
			t.Errorf("nginx %s: status %d, want %d\n%s", c.option, got, c.status, s.stderr)
		}
	}
}

// TestNginxParams asks the simulator what each param adds.
func TestNginxParams(t *testing.T) {
	for _, c := range []struct{ set, call, verdict string }{
		{"", "connect(fd == 7)", "errno EACCES"},
		{"proxy=8080", "connect(fd == 7)", "allow"},
		{"proxy=8080", "socket(family == AF_UNIX, type == SOCK_STREAM)", "errno EAFNOSUPPORT"},
		{"proxy=8080", "socket(family == AF_INET, type == SOCK_DGRAM)", "errno EPROTONOSUPPORT"},
		{"unix=yes", "socket(family == AF_UNIX, type == SOCK_STREAM)", "allow"},
		{"dns=yes", "socket(family == AF_INET, type == SOCK_DGRAM)", "allow"},
	} {
		wantVerdict(t, "nginx", "worker", c.set, c.call, c.verdict)
	}
}
