// The first and only program of an emulated computer: runs kernels_test and says how it ended.
// test-avx512.sh defines TIER and EVERY, the arguments.
#include <stdio.h>
#include <sys/io.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void) {
  char* const arguments[] = {"/test", TIER, EVERY, NULL};
  const pid_t child = fork();
  if (child == 0) {
    execv(arguments[0], arguments);
    perror(arguments[0]);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  printf("ended with %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  fflush(stdout);
  sleep(1);
  // Bochs ends at this word on this port
  if (iopl(3) == 0) {
    for (const char* letter = "Shutdown"; *letter != 0; letter++) outb(*letter, 0x8900);
  }
  reboot(RB_POWER_OFF);
  return 1;
}
