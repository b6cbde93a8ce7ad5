// The name of a process in the lease: the same for whoever comes after it, never for two at once.

#include "operator/kube/process_name.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

namespace doorbuster::kube {
namespace {

std::string lease(const char* name) {
  return std::string("ops/") + name + "-" + std::to_string(getpid());
}

TEST(ProcessName, WhoeverComesAfterAProcessHasItsName) {
  std::string first;
  {
    const ProcessName name = ProcessName::take("shop-1", lease("after"), 7);
    first = name.text();
    EXPECT_TRUE(first.starts_with("shop-1_")) << first;
  }
  EXPECT_EQ(ProcessName::take("shop-1", lease("after"), 8).text(), first);
}

TEST(ProcessName, TwoAtOnceNeverHaveTheSameName) {
  const ProcessName a = ProcessName::take("shop-1", lease("two"), 7);
  const ProcessName b = ProcessName::take("shop-1", lease("two"), 8);
  const ProcessName c = ProcessName::take("shop-1", lease("two"), 9);
  EXPECT_NE(a.text(), b.text());
  EXPECT_NE(b.text(), c.text());
}

TEST(ProcessName, LeasesAndHostsAreToldApart) {
  const ProcessName a = ProcessName::take("shop-1", lease("apart"), 7);
  const ProcessName b = ProcessName::take("shop-1", lease("another"), 7);
  const ProcessName c = ProcessName::take("shop-2", lease("apart"), 7);
  EXPECT_NE(a.text(), b.text());
  EXPECT_NE(a.text().substr(6), c.text().substr(6));
}

TEST(ProcessName, AProcessThatWasKilledLeavesItsNameToTheNext) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const std::string of = lease("killed");
  const pid_t child = fork();
  if (child == 0) {
    const ProcessName name = ProcessName::take("shop-1", of, 7);
    const std::string text = name.text();
    if (write(ready[1], text.data(), text.size()) < 0) _exit(1);
    pause();
    _exit(0);
  }
  char text[128] = {};
  ASSERT_GT(read(ready[0], text, sizeof text - 1), 0);
  EXPECT_NE(ProcessName::take("shop-1", of, 8).text(), text) << "it lives";
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(ProcessName::take("shop-1", of, 9).text(), text);
  close(ready[0]);
  close(ready[1]);
}

}  // namespace
}  // namespace doorbuster::kube
