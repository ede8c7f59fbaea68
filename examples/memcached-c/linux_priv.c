/*
 * memcached's privileges by narrow: in place of upstream's linux_priv.c, which
 * filters main and the workers only. memcached_narrow.h is the policy.
 *
 * Phase init begins when the options are read; main begins phase serving when
 * it is about to wait for clients. The other threads run by then: each waits for
 * that, and enters its class, which the policy knows by the thread's name.
 */
#include "config.h"
#include "memcached.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memcached_narrow.h"

static const struct {
    const char *name;
    int (*enter)(void);
} classes[] = {
    { "mc-worker", narrow_memcached_enter_thread_mc_worker },
    { "mc-log", narrow_memcached_enter_thread_mc_log },
    { "mc-itemcrawler", narrow_memcached_enter_thread_mc_itemcrawler },
    { "mc-assocmaint", narrow_memcached_enter_thread_mc_assocmaint },
    { "mc-lrumaint", narrow_memcached_enter_thread_mc_lrumaint },
    { "mc-slabmaint", narrow_memcached_enter_thread_mc_slabmaint },
    { "mc-idletimeout", narrow_memcached_enter_thread_mc_idletimeout },
    { "mc-ext-io", narrow_memcached_enter_thread_mc_ext_io },
    { "mc-ext-maint", narrow_memcached_enter_thread_mc_ext__ },
    { "mc-ext-write", narrow_memcached_enter_thread_mc_ext__ },
    { "mc-ext-compact", narrow_memcached_enter_thread_mc_ext__ },
};

static pthread_mutex_t serving_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t serving_cond = PTHREAD_COND_INITIALIZER;
static bool serving = false;

/* must ends memcached if it is not confined. */
static void must(int r, const char *what) {
    if (r == 0)
        return;
    fprintf(stderr, "cannot confine %s: %s\n", what, strerror(-r));
    exit(EXIT_FAILURE);
}

/* Denials are errors, or end the process: nothing is to be handled. */
void setup_privilege_violations_handler(void) {
}

void start_privileges(void) {
    must(narrow_memcached_enter_init(), "the start");
}

void drop_privileges(void) {
    must(narrow_memcached_enter_serving(), "the process");
    pthread_mutex_lock(&serving_lock);
    serving = true;
    pthread_cond_broadcast(&serving_cond);
    pthread_mutex_unlock(&serving_lock);
    must(narrow_memcached_enter_thread_main(), "main");
}

void drop_thread_privileges(const char *name) {
    size_t i;

    if (!settings.drop_privileges)
        return;
    pthread_mutex_lock(&serving_lock);
    while (!serving)
        pthread_cond_wait(&serving_cond, &serving_lock);
    pthread_mutex_unlock(&serving_lock);
    for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (strcmp(classes[i].name, name) == 0) {
            must(classes[i].enter(), name);
            return;
        }
    }
    must(-EINVAL, name);
}

/*
 * The crawler is started by main, which waits for it to hold its lock; or, upon
 * `lru_crawler enable`, by a worker, whose filter it then has already.
 */
void drop_crawler_privileges(pthread_mutex_t *held) {
    bool late;

    pthread_mutex_lock(&serving_lock);
    late = serving;
    pthread_mutex_unlock(&serving_lock);
    if (late)
        return;
    pthread_mutex_unlock(held);
    drop_thread_privileges("mc-itemcrawler");
    pthread_mutex_lock(held);
}
