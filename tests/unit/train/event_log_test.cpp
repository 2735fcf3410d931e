#include "retort/train/event_log.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>
#include <limits>

#include "unit/train/train_testing.h"

namespace retort::train {
namespace {

class EventLogTest : public TrainSupportTest {
 protected:
  fs::path path() const { return root_ / kEventLogFile; }
  EventLogOptions options(EventLogForm form = EventLogForm::kJsonLines) const {
    return {.path = path(), .form = form, .unix_seconds = [] { return 1700000000.123; }};
  }
  std::string text() const { return read_file(path()); }
};

Event train_event(int64_t step) { return {.step = step, .epoch = 0.5, .values = {{"loss", 2.5}}}; }

std::string train_line(int64_t step) {
  return fmt::format(R"({{"time":1700000000.123,"event":"train","step":{},"epoch":0.5,"loss":2.5}})", step) + "\n";
}

TEST_F(EventLogTest, EachEventIsOneLineThatIsThereAtOnce) {
  EventLog log(options());
  log.write({.kind = EventKind::kParameters, .values = {{"seed", 42}}});
  EXPECT_EQ(text(), "{\"time\":1700000000.123,\"event\":\"parameters\",\"seed\":42}\n");
  log.write(train_event(10));
  log.write({.kind = EventKind::kEvaluate, .step = 10, .epoch = 1, .values = {{"f1", 88.25}}});
  log.write({.kind = EventKind::kSummary, .values = {{"train_seconds", 3.5}}});
  log.write_metadata("loss", {{"unit", "nats"}});
  EXPECT_EQ(
      text(),
      "{\"time\":1700000000.123,\"event\":\"parameters\",\"seed\":42}\n" + train_line(10) +
          "{\"time\":1700000000.123,\"event\":\"evaluate\",\"step\":10,\"epoch\":1.0,\"f1\":88.25}\n"
          "{\"time\":1700000000.123,\"event\":\"summary\",\"train_seconds\":3.5}\n"
          "{\"time\":1700000000.123,\"event\":\"metadata\",\"metric\":\"loss\",\"metadata\":{\"unit\":\"nats\"}}\n");
}

TEST_F(EventLogTest, NumbersThatAreNotFiniteHaveNames) {
  using Limits = std::numeric_limits<double>;
  EventLog log(options());
  log.write({.step = 1,
             .epoch = 0,
             .values = {{"loss", Limits::quiet_NaN()}, {"norms", {Limits::infinity(), -Limits::infinity(), 1}}}});
  EXPECT_NE(text().find(R"("loss":"NaN","norms":["Infinity","-Infinity",1]})"), std::string::npos) << text();
}

TEST_F(EventLogTest, TextThatIsNotUtf8DoesNotStopTheLog) {
  EventLog log(options());
  log.write({.kind = EventKind::kParameters, .values = {{"file", "caf\xE9"}}});
  EXPECT_NE(text().find("caf\xEF\xBF\xBD"), std::string::npos);
}

TEST_F(EventLogTest, DllLinesAreThoseOfDllogger) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  double now = 1700000000.25;
  EventLogOptions dll = options(EventLogForm::kDllogger);
  dll.unix_seconds = [&] { return now; };
  EventLog log(dll);
  now += 1.5;
  log.write({.kind = EventKind::kParameters, .values = {{"seed", 42}}});
  log.write({.step = 20, .epoch = 1.75, .values = {{"loss", 2.5}, {"learning_rate", 0.5}}});
  log.write({.kind = EventKind::kSummary, .values = {{"exact", 81.5}, {"f1", 88.5}}});
  log.write_metadata("step_loss", {{"unit", "nats"}});
  const std::string times =
      R"(DLLL {"timestamp":"1700000001750.000","datetime":"2023-11-14 22:13:21.750000","elapsedtime":"1.500000",)";
  EXPECT_EQ(text(), times + R"("type":"LOG","step":"PARAMETER","data":{"seed":42}})" + "\n" + times +
                        R"("type":"LOG","step":[1,20],"data":{"step_loss":2.5,"learning_rate":0.5}})" + "\n" + times +
                        R"("type":"LOG","step":[],"data":{"exact_match":81.5,"F1":88.5}})" + "\n" + times +
                        R"("type":"METADATA","metric":"step_loss","metadata":{"unit":"nats"}})" + "\n");
}

class EventLogResumeTest : public EventLogTest, public testing::WithParamInterface<EventLogForm> {};

TEST_P(EventLogResumeTest, ResumingCutsLaterStepsSoThatTheLogReadsAsOneRun) {
  std::string uninterrupted;
  {
    EventLog log(options(GetParam()));
    log.write({.kind = EventKind::kParameters, .values = {{"seed", 42}}});
    for (const int64_t step : {10, 20, 30, 40}) log.write(train_event(step));
    log.write({.kind = EventKind::kSummary});
    uninterrupted = text();
  }
  EventLogOptions resumed = options(GetParam());
  resumed.resumed_step = 20;
  EventLog log(resumed);
  EXPECT_TRUE(uninterrupted.starts_with(text()));
  for (const int64_t step : {30, 40}) log.write(train_event(step));
  log.write({.kind = EventKind::kSummary});
  EXPECT_EQ(text(), uninterrupted);
}

INSTANTIATE_TEST_SUITE_P(Forms, EventLogResumeTest, testing::Values(EventLogForm::kJsonLines, EventLogForm::kDllogger),
                         [](const auto& form) { return form.param == EventLogForm::kDllogger ? "dllogger" : "jsonl"; });

TEST_F(EventLogTest, ResumingDropsATornLineAndTheSummaryOfTheEnd) {
  for (const std::string tail :
       {"{\"time\":1,\"ev", "{\"event\":\"train\",\"step\":", "garbage\n", "[1]\n", "{\"event\":\"summary\"}\n"}) {
    std::ofstream(path(), std::ios::binary) << train_line(10) << tail;
    EventLogOptions resumed = options();
    resumed.resumed_step = 20;
    EventLog log(resumed);
    EXPECT_EQ(text(), train_line(10)) << tail;
  }
}

TEST_F(EventLogTest, ResumingKeepsLinesOfOtherKindsAndCutsBeforeAStepBeyondIntegers) {
  const std::string kept = "{\"event\":3}\n{\"step\":\"x\"}\n{\"step\":19.5}\n";
  for (const std::string tail : {"{\"step\":1e300}\n", "{\"step\":[0,1e300]}\n"}) {
    std::ofstream(path(), std::ios::binary) << kept << tail;
    EventLogOptions resumed = options();
    resumed.resumed_step = 20;
    EventLog log(resumed);
    EXPECT_EQ(text(), kept) << tail;
  }
}

TEST_F(EventLogTest, ANewRunBeginsAnEmptyLogAndAMissingOneCanBeResumed) {
  EventLogOptions resumed = options();
  resumed.resumed_step = 20;
  EventLog(resumed).write(train_event(30));
  EXPECT_EQ(text(), train_line(30));
  EventLog(options()).write(train_event(1));
  EXPECT_EQ(text(), train_line(1));
}

TEST_F(EventLogTest, ADiskThatRefusesCostsLinesButNeitherTheRunNorHalfALine) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    EventLog log(options());
    log.write(train_event(1));
    const rlimit limit = {.rlim_cur = train_line(1).size() + 10, .rlim_max = RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    for (const int64_t step : {2, 3}) log.write(train_event(step));
    const rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &none);
    log.write(train_event(4));
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(text(), train_line(1) + train_line(4));
}

TEST_F(EventLogTest, AFileThatCannotBeOpenedIsAUserError) {
  fs::create_directories(path());
  EXPECT_EQ(user_error_of([&] { EventLog log(options()); }),
            fmt::format("`{}` must be a file that can be written, but opening it failed: Is a directory; check its "
                        "folder's permissions",
                        path().string()));
}

TEST_F(EventLogTest, ADecimalCommaChangesNoNumber) {
  const DecimalComma comma(root_);
  if (!comma.was_entered()) GTEST_SKIP() << "the locale de_DE.UTF-8 is neither installed nor can be made";
  EventLog(options()).write(train_event(1));
  EXPECT_EQ(text(), train_line(1));
}

}  // namespace
}  // namespace retort::train
