// SPDX-License-Identifier: Apache-2.0
// Preloaded into a program (LD_PRELOAD), this makes one of its system calls fail, or ends the process at it.
//
//   SHOAL_FAULT=CALL:N:WHAT   the N-th CALL (from 1) fails with WHAT: EIO, ENOSPC, EACCES, EMFILE, ENOMEM,
//                             EAGAIN or EINTR; WHAT+ means all calls from the N-th on. "short" reads or
//                             writes half of the bytes, "kill" ends the process before the call.
//   SHOAL_FAULT_COUNTS=FILE   when the program ends, FILE gets a line "CALL COUNT" for each call.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

enum call {
  call_open,
  call_read,
  call_write,
  call_fsync,
  call_rename,
  call_close,
  call_ftruncate,
  call_flock,
  call_fstat,
  call_stat,
  call_lstat,
  call_mkdir,
  call_unlink,
  call_opendir,
  call_readdir,
  call_mmap,
  call_malloc,
  call_pthread_create,
  calls
};
static const char* const names[calls] = {
    "open", "read",  "write", "fsync",  "rename",  "close",   "ftruncate", "flock",  "fstat",
    "stat", "lstat", "mkdir", "unlink", "opendir", "readdir", "mmap",      "malloc", "pthread_create"};
static const struct {
  const char* name;
  int number;
} errors[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EACCES", EACCES}, {"EMFILE", EMFILE},
              {"ENOMEM", ENOMEM}, {"EAGAIN", EAGAIN}, {"EINTR", EINTR}};

enum { act_nothing = 0, act_short = -1, act_kill = -2 };

static atomic_long count[calls];
static int chosen = -1, action, lasting;
static long chosen_at;

__attribute__((constructor)) static void read_wish(void) {
  const char* requested = getenv("SHOAL_FAULT");
  char call[32], what[32];
  if (!requested || sscanf(requested, "%31[^:]:%ld:%31s", call, &chosen_at, what) != 3) return;
  char* plus = strchr(what, '+');
  if (plus) {
    *plus = '\0';
    lasting = 1;
  }
  for (int i = 0; i < calls; ++i)
    if (strcmp(call, names[i]) == 0) chosen = i;
  if (strcmp(what, "short") == 0) action = act_short;
  if (strcmp(what, "kill") == 0) action = act_kill;
  for (size_t i = 0; i < sizeof errors / sizeof errors[0]; ++i)
    if (strcmp(what, errors[i].name) == 0) action = errors[i].number;
  for (int i = 0; i < calls; ++i) atomic_store(&count[i], 0);  // calls of the loader do not count
}

__attribute__((destructor)) static void write_counts(void) {
  const char* file = getenv("SHOAL_FAULT_COUNTS");
  if (!file) return;
  const int out = (int)syscall(SYS_open, file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  char line[64];
  for (int i = 0; i < calls; ++i) {
    const int size = snprintf(line, sizeof line, "%s %ld\n", names[i], atomic_load(&count[i]));
    if (syscall(SYS_write, out, line, size) != size) return;
  }
  syscall(SYS_close, out);
}

/// What this call must do: act_nothing, act_short, or fail with the error in errno.
static int wish_for(enum call call) {
  const long now = atomic_fetch_add(&count[call], 1) + 1;
  if ((int)call != chosen || now < chosen_at || (now > chosen_at && !lasting)) return act_nothing;
  if (action == act_kill) syscall(SYS_kill, getpid(), SIGKILL);
  if (action > 0) errno = action;
  return action;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int open_as(const char* path, int flags, mode_t mode) {
  if (wish_for(call_open) > 0) return -1;
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}
int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_as(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_as(path, flags, mode);
}
FILE* fopen(const char* path, const char* mode) {
  return wish_for(call_open) > 0 ? NULL : REAL(fopen)(path, mode);
}
FILE* fopen64(const char* path, const char* mode) {
  return wish_for(call_open) > 0 ? NULL : REAL(fopen64)(path, mode);
}
ssize_t read(int fd, void* to, size_t size) {
  const int requested = wish_for(call_read);
  if (requested > 0) return -1;
  return syscall(SYS_read, fd, to, requested == act_short && size > 1 ? size / 2 : size);
}
ssize_t write(int fd, const void* from, size_t size) {
  const int requested = wish_for(call_write);
  if (requested > 0) return -1;
  return syscall(SYS_write, fd, from, requested == act_short && size > 1 ? size / 2 : size);
}
int fsync(int fd) {
  return wish_for(call_fsync) > 0 ? -1 : (int)syscall(SYS_fsync, fd);
}
int rename(const char* from, const char* to) {
  return wish_for(call_rename) > 0 ? -1 : (int)syscall(SYS_rename, from, to);
}
int close(int fd) {
  const int requested = wish_for(call_close);
  const int result = (int)syscall(SYS_close, fd);  // like Linux: the descriptor is closed whatever the result
  if (requested > 0) errno = requested;
  return requested > 0 ? -1 : result;
}
int ftruncate(int fd, off_t size) {
  return wish_for(call_ftruncate) > 0 ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}
int flock(int fd, int operation) {
  return wish_for(call_flock) > 0 ? -1 : (int)syscall(SYS_flock, fd, operation);
}
int fstat(int fd, struct stat* status) {
  return wish_for(call_fstat) > 0 ? -1 : REAL(fstat)(fd, status);
}
int stat(const char* path, struct stat* status) {
  return wish_for(call_stat) > 0 ? -1 : REAL(stat)(path, status);
}
int lstat(const char* path, struct stat* status) {
  return wish_for(call_lstat) > 0 ? -1 : REAL(lstat)(path, status);
}
int mkdir(const char* path, mode_t mode) {
  return wish_for(call_mkdir) > 0 ? -1 : (int)syscall(SYS_mkdir, path, mode);
}
int unlink(const char* path) {
  return wish_for(call_unlink) > 0 ? -1 : (int)syscall(SYS_unlink, path);
}
DIR* opendir(const char* path) {
  return wish_for(call_opendir) > 0 ? NULL : REAL(opendir)(path);
}
struct dirent* readdir(DIR* folder) {
  return wish_for(call_readdir) > 0 ? NULL : REAL(readdir)(folder);
}
void* mmap(void* address, size_t size, int protection, int flags, int fd, off_t offset) {
  if (wish_for(call_mmap) > 0) return (void*)-1;
  return (void*)syscall(SYS_mmap, address, size, protection, flags, fd, offset);
}
void* __libc_malloc(size_t size);
void* malloc(size_t size) {
  return wish_for(call_malloc) > 0 ? NULL : __libc_malloc(size);
}
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*), void* argument) {
  const int requested = wish_for(call_pthread_create);
  return requested > 0 ? requested : REAL(pthread_create)(thread, attributes, run, argument);
}
