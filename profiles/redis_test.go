package profiles_test

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// redisServer is redis-server under its profile.
type redisServer struct {
	*server
	port, state string
}

func (s *redisServer) address() string { return "127.0.0.1:" + s.port }

// client waits for the server and connects.
func (s *redisServer) client() *redis {
	s.t.Helper()
	s.waitFor("tcp", s.address())
	return newRedis(s.t, dial(s.t, "tcp", s.address()))
}

// startRedis starts it on a free port in a state folder of its own; STATE in an
// argument or a set stands for the folder.
func startRedis(t *testing.T, who user, sets []string, more ...string) *redisServer {
	t.Helper()
	return startRedisIn(t, who, stateDir(t, who), sets, more...)
}

func startRedisIn(t *testing.T, who user, state string, sets []string, more ...string) *redisServer {
	t.Helper()
	port := freePort(t)
	all := []string{"port=" + port, "state=" + state}
	args := []string{need(t, "redis-server"), "--port", port, "--dir", state}
	for _, set := range sets {
		all = append(all, strings.ReplaceAll(set, "STATE", state))
	}
	for _, arg := range more {
		args = append(args, strings.ReplaceAll(arg, "STATE", state))
	}
	return &redisServer{start(t, who, all, "redis", args...), port, state}
}

// TestRedisServes drives redis over TCP with and without threads for input and
// output, and looks at each thread.
func TestRedisServes(t *testing.T) {
	eachUserOf(t, "redis-server", func(t *testing.T, who user) {
		for _, threads := range []int{1, 4} {
			s := startRedis(t, who, nil, "--io-threads", fmt.Sprint(threads), "--io-threads-do-reads", "yes")
			exerciseRedis(s.client())
			mustHaveFilters(t, s.cmd.Process.Pid, 4+threads-1, "2")
			if state := s.stop(syscall.SIGTERM); state.ExitCode() != 0 {
				t.Errorf("%d threads: ended with %v after SIGTERM", threads, state)
			}
			emptyBut(t, s.state, "dump.rdb")
		}
	})
}

// exerciseRedis is a client's round of requests.
func exerciseRedis(c *redis) {
	c.t.Helper()
	for _, step := range []struct{ request, answer string }{
		{"PING", "PONG"}, {"SET a 41", "OK"}, {"INCR a", "42"}, {"GET a", "42"}, {"APPEND a x", "3"},
		{"SET short 1 PX 20", "OK"}, {"RPUSH l 1 2 3", "3"}, {"LRANGE l 0 -1", "1 2 3"},
		{"HSET h f v", "1"}, {"ZADD z 1 m", "1"}, {"SADD s m", "1"}, {"XADD x 1-1 f v", "1-1"}, {"PFADD p e", "1"},
		{"EVAL return{redis.call('get','a'),redis.sha1hex('a')} 0", "42x 86f7e437faa5a7fce15d1ddcb9eaeaea377667b8"},
		{"EVAL return(cjson.encode({cmsgpack.unpack(cmsgpack.pack(7))})) 0", "[7]"},
		{"MULTI", "OK"}, {"GET a", "QUEUED"}, {"EXEC", "42x"},
		{"DEL l h z s x p", "6"}, {"SUBSCRIBE news", "subscribe news 1"},
	} {
		c.want(step.answer, step.request)
	}
	other := newRedis(c.t, dial(c.t, c.conn.RemoteAddr().Network(), c.conn.RemoteAddr().String()))
	other.want("1", "PUBLISH news hello")
	if got, err := c.answer(); got != "message news hello" {
		c.t.Errorf("subscriber: %q, %v", got, err)
	}
	exerciseRedisAside(other)
}

// exerciseRedisAside asks for what redis does beside its data.
func exerciseRedisAside(c *redis) {
	c.t.Helper()
	big := strings.Repeat("0123456789abcdef", 1<<18) // 4 MB: writev, and another thread frees it
	if got := c.do("SET", "big", big); got != "OK" {
		c.t.Errorf("SET of 4 MB: %q", got)
	}
	if got := c.do("GET", "big"); got != big {
		c.t.Errorf("GET of 4 MB: %d bytes", len(got))
	}
	c.want("1", "UNLINK big")
	c.until("(nil)", "GET short")
	for _, request := range []string{
		"INFO everything", "MEMORY STATS", "MEMORY DOCTOR", "MEMORY PURGE", "MEMORY MALLOC-STATS", "CLIENT LIST", "CONFIG GET *",
		"LATENCY DOCTOR", "SLOWLOG GET", "ACL LIST", "COMMAND", "LOLWUT", "FUNCTION LIST", "SCRIPT FLUSH", "OBJECT ENCODING a",
		"CONFIG SET hz 100", "CONFIG SET maxclients 4000", "CONFIG SET maxmemory 100mb", "CONFIG SET watchdog-period 500",
		"CONFIG SET jemalloc-bg-thread no", "CONFIG SET jemalloc-bg-thread yes", "CONFIG RESETSTAT", "FLUSHALL ASYNC", "DBSIZE",
	} {
		if got := c.do(strings.Fields(request)...); strings.HasPrefix(got, "-") {
			c.t.Errorf("%s: %s", request, got)
		}
	}
	if rss := c.info("memory", "used_memory_rss"); rss == "0" {
		c.t.Error("INFO knows no used_memory_rss")
	}
	watcher := newRedis(c.t, dial(c.t, c.conn.RemoteAddr().Network(), c.conn.RemoteAddr().String()))
	watcher.want("OK", "MONITOR")
	c.want("(nil)", "GET watched")
	if got, err := watcher.answer(); !strings.Contains(got, `"GET" "watched"`) {
		c.t.Errorf("MONITOR: %q, %v", got, err)
	}
}

// TestRedisPersists saves both ways in forked children, which are filtered,
// ends one of them, and finds the data again.
func TestRedisPersists(t *testing.T) {
	eachUserOf(t, "redis-server", func(t *testing.T, who user) {
		s := startRedis(t, who, nil, "--appendonly", "yes", "--enable-debug-command", "yes")
		c := s.client()
		c.want("OK", "SET kept hello")
		c.want("OK", "DEBUG POPULATE 20000 key 300") // past the size at which it calls sync_file_range
		c.want("OK", "CONFIG SET rdb-key-save-delay 1000")
		c.want("Background saving started", "BGSAVE")
		saver := children(t, s.cmd.Process.Pid)
		if len(saver) != 1 {
			t.Fatalf("children that save: %v", saver)
		}
		mustHaveFilters(t, saver[0], 1, "2")
		c.until("rdb_bgsave_in_progress:1", "INFO persistence")
		c.want("OK", "FLUSHALL") // ends the child with SIGUSR1
		c.until("rdb_bgsave_in_progress:0", "INFO persistence")
		c.want("OK", "CONFIG SET rdb-key-save-delay 0")
		c.want("OK", "SET kept again")
		c.want("OK", "DEBUG POPULATE 40000 key 300")
		c.want("Background saving started", "BGSAVE")
		c.until("rdb_bgsave_in_progress:0", "INFO persistence")
		c.want("Background append only file rewriting started", "BGREWRITEAOF")
		c.until("aof_rewrite_in_progress:0", "INFO persistence")
		for _, name := range []string{"rdb_last_bgsave_status", "aof_last_bgrewrite_status", "aof_last_write_status"} {
			if got := c.info("persistence", name); got != "ok" {
				t.Errorf("%s: %s", name, got)
			}
		}
		if got := c.info("persistence", "rdb_last_cow_size"); got == "0" {
			t.Error("the size of copy-on-write is not known")
		}
		c.want("OK", "SET after rewrite")
		c.send("SHUTDOWN")
		s.waitEnd()
		emptyBut(t, s.state, "dump.rdb", "appendonlydir")
		restartRedis(t, who, s.state)
	})
}

// restartRedis damages the end of the append-only file as a power cut would,
// starts again, and finds what came before.
func restartRedis(t *testing.T, who user, state string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(state, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) != 1 {
		t.Fatalf("append-only files: %v, %v", files, err)
	}
	f, err := os.OpenFile(files[0], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("*3\r\n$3\r\nSET\r\n$1")
	f.Close()
	s := startRedisIn(t, who, state, nil, "--appendonly", "yes", "--aof-use-rdb-preamble", "yes")
	c := s.client()
	c.until("\nloading:0", "INFO persistence")
	c.want("again", "GET kept")
	c.want("rewrite", "GET after")
	c.want("40002", "DBSIZE")
	s.stop(syscall.SIGINT)
}

func TestRedisUnixSocket(t *testing.T) {
	eachUserOf(t, "redis-server", func(t *testing.T, who user) {
		s := startRedis(t, who, nil, "--port", "0", "--unixsocket", "STATE/socket", "--unixsocketperm", "770")
		socket := filepath.Join(s.state, "socket")
		s.waitFor("unix", socket)
		exerciseRedis(newRedis(t, dial(t, "unix", socket)))
		if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o770 {
			t.Errorf("unixsocketperm: %v, %v", info.Mode(), err)
		}
		s.stop(syscall.SIGTERM)
		emptyBut(t, s.state, "dump.rdb")
	})
}

// TestRedisDaemon starts with --daemonize: the program's own process ends at
// once, the daemon is filtered and writes its log and pid files.
func TestRedisDaemon(t *testing.T) {
	eachUserOf(t, "redis-server", func(t *testing.T, who user) {
		s := startRedis(t, who, nil, "--daemonize", "yes", "--pidfile", "STATE/pid", "--logfile", "STATE/log")
		s.waitEnd()
		if !s.cmd.ProcessState.Success() {
			t.Fatalf("%v\n%s", s.cmd.ProcessState, s.stderr)
		}
		pid := pidIn(t, filepath.Join(s.state, "pid"))
		t.Cleanup(func() { syscall.Kill(pid, syscall.SIGKILL) })
		waitForAddress(t, s.address())
		exerciseRedis(newRedis(t, dial(t, "tcp", s.address())))
		mustHaveFilters(t, pid, 4, "2")
		newRedis(t, dial(t, "tcp", s.address())).send("SHUTDOWN", "NOSAVE")
		waitGone(t, pid)
		emptyBut(t, s.state, "log", "dump.rdb") // FLUSHALL saves
	})
}

// TestRedisReplicates has a replica follow a master, by a file and without one.
func TestRedisReplicates(t *testing.T) {
	t.Parallel()
	who := nobodyOr(t)
	master := startRedis(t, who, nil, "--repl-diskless-sync-delay", "0")
	m := master.client()
	m.want("OK", "SET from master")
	replica := startRedis(t, who, []string{"replica=" + master.port}, "--replicaof", "localhost "+master.port,
		"--server_cpulist", "0", "--bio_cpulist", "0")
	c := replica.client()
	for _, diskless := range []string{"no", "yes"} {
		m.want("OK", "CONFIG SET repl-diskless-sync "+diskless)
		c.want("OK", "CONFIG SET repl-diskless-load "+map[string]string{"no": "disabled", "yes": "swapdb"}[diskless])
		c.want("OK", "REPLICAOF NO ONE")
		c.want("OK", "FLUSHALL")
		c.want("OK", "REPLICAOF 127.0.0.1 "+master.port)
		c.until("master_link_status:up", "INFO replication")
		c.until("master", "GET from")
	}
	m.want("OK", "SET later on")
	c.until("on", "GET later")
	mustHaveFilters(t, replica.cmd.Process.Pid, 4, "2")
	c.want("OK", "REPLICAOF NO ONE")
	m.want("1", "DEL from")
	c.want("OK", "MIGRATE 127.0.0.1 "+master.port+" from 0 1000")
	m.want("master", "GET from")
	replica.stop(syscall.SIGTERM)
	master.stop(syscall.SIGTERM)
}

// TestRedisGoesNowhere asks for a master without the param, and with that of
// another port: no connection reaches a listener who would like one.
func TestRedisGoesNowhere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	for _, sets := range [][]string{nil, {"replica=" + freePort(t)}} {
		s := startRedis(t, nobodyOr(t), sets, "--logfile", "STATE/log")
		c := s.client()
		c.want("OK", "REPLICAOF 127.0.0.1 "+port)
		for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
			text, _ := os.ReadFile(filepath.Join(s.state, "log"))
			if bytes.Contains(text, []byte("Unable to connect to MASTER: Permission denied")) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%v: no refusal in the log:\n%s", sets, text)
			}
		}
		c.want("PONG", "PING")
		s.stop(syscall.SIGTERM)
	}
	listener.(*net.TCPListener).SetDeadline(time.Now())
	if conn, err := listener.Accept(); err == nil {
		t.Errorf("%v came through", conn.RemoteAddr())
	}
}

// TestRedisCluster has two nodes meet.
func TestRedisCluster(t *testing.T) {
	t.Parallel()
	var nodes []*redis
	var servers []*redisServer
	var bus []string
	for range 2 {
		port := freePort(t)
		s := startRedis(t, nobodyOr(t), []string{"cluster=" + port}, "--cluster-enabled", "yes", "--cluster-port", port)
		bus, servers, nodes = append(bus, port), append(servers, s), append(nodes, s.client())
	}
	nodes[0].want("OK", "CLUSTER MEET 127.0.0.1 "+servers[1].port+" "+bus[1])
	nodes[0].want("OK", "CLUSTER ADDSLOTSRANGE 0 8191")
	nodes[1].want("OK", "CLUSTER ADDSLOTSRANGE 8192 16383")
	for i, c := range nodes {
		c.until("cluster_state:ok", "CLUSTER INFO")
		c.until("cluster_known_nodes:2", "CLUSTER INFO")
		mustHaveFilters(t, servers[i].cmd.Process.Pid, 4, "2")
	}
	nodes[1].want("OK", "SET foo bar") // slot 12182
}

func TestRedisTLS(t *testing.T) {
	eachUserOf(t, "redis-server", func(t *testing.T, who user) {
		state, port := stateDir(t, who), freePort(t)
		key, cert := certificate(t, state)
		s := startRedisIn(t, who, state, []string{"tls=" + port}, "--tls-port", port,
			"--tls-cert-file", cert, "--tls-key-file", key, "--tls-ca-cert-file", cert, "--tls-auth-clients", "no")
		s.waitFor("tcp", "127.0.0.1:"+port)
		c := newRedis(t, dialTLS(t, "127.0.0.1:"+port))
		c.want("OK", "SET a b")
		c.want("OK", "CONFIG SET tls-cert-file "+cert) // read again
		c = newRedis(t, dialTLS(t, "127.0.0.1:"+port))
		c.want("b", "GET a")
		if version := c.conn.(*tls.Conn).ConnectionState().Version; version != tls.VersionTLS13 {
			t.Errorf("TLS version %x", version)
		}
		s.stop(syscall.SIGTERM)
	})
}

// TestRedisNotifies starts it as systemd does and hears that it is ready.
func TestRedisNotifies(t *testing.T) {
	who := nobodyOr(t)
	state := stateDir(t, who)
	path := filepath.Join(state, "notify")
	listener, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", path)
	s := startRedisIn(t, who, state, nil, "--supervised", "systemd")
	listener.SetDeadline(time.Now().Add(patience))
	var heard string
	for buffer := make([]byte, 1000); !strings.Contains(heard, "READY=1"); {
		n, err := listener.Read(buffer)
		if err != nil {
			t.Fatalf("%v after %q", err, heard)
		}
		heard += string(buffer[:n])
	}
	s.stop(syscall.SIGTERM)
}

// TestRedisRewritesItsConfiguration has CONFIG REWRITE and ACL SAVE write, and
// fail when the param says that they may not.
func TestRedisRewritesItsConfiguration(t *testing.T) {
	who := nobodyOr(t)
	for _, may := range []string{"yes", "no"} {
		conf := stateDir(t, who)
		file, acl := filepath.Join(conf, "redis.conf"), filepath.Join(conf, "users.acl")
		write(t, who, acl, "user default on nopass ~* &* +@all\n")
		write(t, who, file, "aclfile "+acl+"\nsave \"\"\n")
		state, port := stateDir(t, who), freePort(t)
		s := &redisServer{start(t, who, []string{"port=" + port, "state=" + state, "conf=" + conf, "rewrite=" + may},
			"redis", "redis-server", file, "--port", port, "--dir", state), port, state}
		c := s.client()
		c.want("OK", "CONFIG SET maxmemory 77mb")
		c.want("OK", "ACL SETUSER bob on >secret allkeys +get")
		rewritten, saved := c.do("CONFIG", "REWRITE"), c.do("ACL", "SAVE")
		text, _ := os.ReadFile(file)
		users, _ := os.ReadFile(acl)
		done := bytes.Contains(text, []byte("maxmemory 77mb")) && bytes.Contains(users, []byte("user bob"))
		if (rewritten == "OK" && saved == "OK" && done) != (may == "yes") {
			t.Errorf("rewrite=%s: %s, %s\n%s%s", may, rewritten, saved, text, users)
		}
		s.stop(syscall.SIGTERM)
	}
}

// TestRedisCrashReport lets it crash: the report is whole and the signal its own.
func TestRedisCrashReport(t *testing.T) {
	s := startRedis(t, nobodyOr(t), nil, "--enable-debug-command", "yes", "--io-threads", "2", "--logfile", "STATE/log")
	s.client().send("DEBUG", "SEGFAULT")
	s.waitEnd()
	if status := s.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGSEGV {
		t.Errorf("ended with %v", s.cmd.ProcessState)
	}
	text, _ := os.ReadFile(filepath.Join(s.state, "log"))
	for _, want := range []string{"crashed by signal: 11", "debugCommand", "Bio thread for job type #0 terminated", "Fast memory test PASSED", "REDIS BUG REPORT END"} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("the report has no %q", want)
		}
	}
}

// TestRedisKeepsToItsFiles turns its own commands against it, as someone does
// who has reached an unprotected server.
func TestRedisKeepsToItsFiles(t *testing.T) {
	eachUserOf(t, "redis-server", func(t *testing.T, who user) {
		s := startRedis(t, who, nil, "--enable-protected-configs", "yes", "--enable-module-command", "yes", "--enable-debug-command", "yes")
		c := s.client()
		elsewhere := stateDir(t, who)
		c.want("OK", "CONFIG SET dir "+elsewhere)
		c.want("OK", "CONFIG SET dbfilename root")
		if got := c.do("SAVE"); !strings.HasPrefix(got, "-") {
			t.Errorf("SAVE: %s", got)
		}
		emptyBut(t, elsewhere)
		for _, path := range []string{"/bin/true", "/etc/shadow"} {
			if got := c.do("MODULE", "LOAD", path); !strings.HasPrefix(got, "-ERR Error loading") {
				t.Errorf("MODULE LOAD %s: %s", path, got)
			}
		}
		c.want("OK", "CONFIG SET bind 127.0.0.1")
		if got := c.do("CONFIG", "SET", "port", freePort(t)); !strings.HasPrefix(got, "-") {
			t.Errorf("listens on another port: %s", got)
		}
		c.want("PONG", "PING")
		// It asks first whether it may start a program.
		c.want("-ERR failed to restart the server. Check server logs.", "DEBUG CRASH-AND-RECOVER")
		c.want("PONG", "PING")
	})
}

// TestRedisSeesNoOthersMemory has it open what /proc shows of another process,
// by an option that reads a file: all of /proc may be read, and yet not this.
func TestRedisSeesNoOthersMemory(t *testing.T) {
	eachUserOf(t, "redis-server", func(t *testing.T, who user) {
		other := startRedis(t, who, nil)
		other.client()
		for _, name := range []string{"environ", "maps", "mem", "exe"} {
			path := fmt.Sprintf("/proc/%d/%s", other.cmd.Process.Pid, name)
			s := startRedis(t, who, nil, "--aclfile", path, "--logfile", "STATE/log")
			s.waitEnd()
			text, _ := os.ReadFile(filepath.Join(s.state, "log"))
			if !bytes.Contains(text, []byte(path+"': Permission denied")) {
				t.Errorf("%s: %v\n%s", path, s.cmd.ProcessState, text)
			}
		}
		other.stop(syscall.SIGTERM)
	})
}

// TestRedisTools drives Debian's own client programs.
func TestRedisTools(t *testing.T) {
	need(t, "redis-cli")
	need(t, "redis-benchmark")
	s := startRedis(t, nobodyOr(t), nil, "--repl-diskless-sync-delay", "0")
	s.waitFor("tcp", s.address())
	for _, args := range [][]string{
		{"redis-cli", "-p", s.port, "--bigkeys"},
		{"redis-cli", "-p", s.port, "--rdb", filepath.Join(t.TempDir(), "copy.rdb")},
		{"redis-benchmark", "-p", s.port, "-q", "-n", "500", "-c", "20"},
		{"redis-benchmark", "-p", s.port, "-q", "-n", "500", "-P", "16", "-t", "set,get"},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	s.stop(syscall.SIGTERM)
}

// TestRedisParams asks the simulator what each param adds.
func TestRedisParams(t *testing.T) {
	for _, c := range []struct{ set, call, verdict string }{
		{"", "socket(family == AF_INET, type == SOCK_STREAM)", "allow"},
		{"rebind=no", "socket(family == AF_INET, type == SOCK_STREAM)", "errno EACCES"},
		{"", "connect(fd == 7)", "errno EACCES"},
		{"replica=6379", "connect(fd == 7)", "allow"},
		{"cluster=16379", "connect(fd == 7)", "allow"},
		{"", "socket(family == AF_UNIX, type == SOCK_STREAM)", "allow"},
		{"unix=no", "socket(family == AF_UNIX, type == SOCK_STREAM)", "errno EAFNOSUPPORT"},
		{"", "socket(family == AF_INET, type == SOCK_DGRAM)", "errno EPROTONOSUPPORT"},
		{"dns=yes", "socket(family == AF_INET, type == SOCK_DGRAM)", "allow"},
		{"", "mkdir(mode == 0o755)", "allow"},
		{"aof=no", "mkdir(mode == 0o755)", "errno EPERM"},
	} {
		wantVerdict(t, "redis", "serving", c.set, c.call, c.verdict)
	}
}
