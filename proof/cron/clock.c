/*
 * Lets an unmodified cron live through years in seconds: a library for LD_PRELOAD. The time begins at CLOCK_START (seconds since
 * 1970) and moves only when cron sleeps; cron's files are below CLOCK_ROOT; each time cron would start a job, a line with the time
 * is written instead. It ends after the jobs of CLOCK_MINUTES different minutes or at CLOCK_END.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static long now = -1, end, last;
static int minutes;

static long number(const char *name) {
  const char *text = getenv(name);
  return text ? atol(text) : 0;
}

static void begin(void) {
  if (now >= 0) return;
  now = number("CLOCK_START");
  end = number("CLOCK_END");
  minutes = number("CLOCK_MINUTES");
}

time_t time(time_t *result) {
  begin();
  if (result) *result = now;
  return now;
}

unsigned int sleep(unsigned int seconds) {
  begin();
  /* Ten seconds are the pause between the jobs that a clock change skipped: they would shift the last ones by minutes. */
  if (seconds != 10) now += seconds;
  if (now > end) _exit(0);
  return 0;
}

pid_t fork(void) {
  begin();
  if (now / 60 != last && minutes-- <= 0) _exit(0);
  last = now / 60;
  dprintf(1, "%ld\n", now);
  return 99999;
}

/* cron's own paths below CLOCK_ROOT; every other path as it is. */
static const char *moved(const char *path, char *buffer) {
  if (strncmp(path, "/etc/cron", 9) && strncmp(path, "/var/", 5) && strncmp(path, "/run/", 5)) return path;
  snprintf(buffer, 4096, "%s%s", getenv("CLOCK_ROOT"), path);
  return buffer;
}

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int mode = va_arg(rest, int);
  va_end(rest);
  char buffer[4096];
  REAL(open);
  return real(moved(path, buffer), flags, mode);
}

int creat(const char *path, mode_t mode) {
  char buffer[4096];
  REAL(creat);
  return real(moved(path, buffer), mode);
}

FILE *fopen(const char *path, const char *mode) {
  char buffer[4096];
  REAL(fopen);
  return real(moved(path, buffer), mode);
}

DIR *opendir(const char *path) {
  char buffer[4096];
  REAL(opendir);
  return real(moved(path, buffer));
}

int chdir(const char *path) {
  char buffer[4096];
  REAL(chdir);
  return real(moved(path, buffer));
}

int mkdir(const char *path, mode_t mode) {
  char buffer[4096];
  REAL(mkdir);
  return real(moved(path, buffer), mode);
}

int access(const char *path, int mode) {
  char buffer[4096];
  REAL(access);
  return real(moved(path, buffer), mode);
}

/* Files that the proof wrote are root's, as cron wants it, whoever runs the proof. */
static int owned(int result, struct stat *found) {
  if (result == 0) found->st_uid = 0;
  return result;
}

/* cron looks at its files once a minute, and they do not change while it runs: each is looked at once. */
static struct {
  char path[128];
  struct stat found;
} known[8];
static int count;

int stat(const char *path, struct stat *found) {
  for (int i = 0; i < count; i++)
    if (!strcmp(known[i].path, path)) {
      *found = known[i].found;
      return 0;
    }
  char buffer[4096];
  REAL(stat);
  int result = owned(real(moved(path, buffer), found), found);
  if (result == 0 && count < 8 && strlen(path) < sizeof known[0].path) {
    strcpy(known[count].path, path);
    known[count++].found = *found;
  }
  return result;
}

int lstat(const char *path, struct stat *found) {
  char buffer[4096];
  REAL(lstat);
  return owned(real(moved(path, buffer), found), found);
}

int fstat(int file, struct stat *found) {
  REAL(fstat);
  return owned(real(file, found), found);
}

/* What cron would write to the system's log goes to standard error. */
void __syslog_chk(int priority, int flag, const char *format, ...) {
  (void)priority, (void)flag;
  va_list values;
  va_start(values, format);
  vdprintf(2, format, values);
  dprintf(2, "\n");
  va_end(values);
}
