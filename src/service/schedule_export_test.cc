#include "service/schedule_export.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace lifeboat::service {
namespace {

using ::testing::HasSubstr;

config::Service shop(const std::string& tz) {
  config::Service service;
  service.name = "shop";
  service.tz = tz;
  service.schedule = {{"full", "0 3 * * *"}};
  config::Drill drill;
  drill.options.name = "nightly";
  drill.cron = "0 5 1 */3 *";
  service.drills = {drill, config::Drill{}};
  return service;
}

std::vector<Due> due(const std::string& tz = "UTC") { return due_of(shop(tz)).value(); }

const ExportSetup kSetup{"/usr/bin/lifeboat", "/etc/lifeboat/100% shop.yaml", "UTC"};

TEST(ScheduleExport, KnowsWhatIsDueAndLeavesOutWhatHasNoSchedule) {
  ASSERT_EQ(due().size(), 2U);
  EXPECT_EQ(due()[0].what, "backup full");
  EXPECT_EQ(due()[1].arguments,
            (std::vector<std::string>{"drill", "run", "shop", "--drill", "nightly"}));
}

TEST(ScheduleExport, NamesTheEntryWhoseScheduleIsWrong) {
  auto service = shop("UTC");
  service.schedule[0].cron = "0 25 * * *";
  EXPECT_THAT(due_of(service).error().describe(), HasSubstr("the schedule of backup full of shop"));
}

TEST(ScheduleExport, OfCronQuotesWhatTheShellAndCronWouldRead) {
  EXPECT_THAT((*export_cron(due(), kSetup))[0].text,
              HasSubstr("\n0 3 * * * /usr/bin/lifeboat --config '/etc/lifeboat/100\\% shop.yaml' "
                        "backup shop --type full --lock-wait 1h --quiet\n"));
}

TEST(ScheduleExport, OfEachFormWaitsForWhatUsesTheService) {
  const std::string waits = "drill run shop --drill nightly --lock-wait 1h";
  EXPECT_THAT((*export_cron(due(), kSetup))[0].text, HasSubstr(waits));
  EXPECT_THAT(export_systemd(due(), kSetup)[2].text, HasSubstr(waits + "\n"));
  EXPECT_THAT((*export_github(due(), kSetup))[0].text, HasSubstr(waits));
}

TEST(ScheduleExport, OfCronIsRefusedForAnotherZoneThanTheMachines) {
  EXPECT_EQ(export_cron(due("Europe/Berlin"), kSetup).error().code(), Code::refused);
  auto berlin = kSetup;
  berlin.local_tz = "Europe/Berlin";
  EXPECT_TRUE(export_cron(due("Europe/Berlin"), berlin));
}

TEST(ScheduleExport, OfSystemdKeepsTheZoneAndCatchesUp) {
  const auto files = export_systemd(due("Europe/Berlin"), kSetup);
  ASSERT_EQ(files.size(), 4U);
  EXPECT_EQ(files[0].name, "lifeboat-shop-backup-full.service");
  EXPECT_THAT(files[0].text, HasSubstr("ExecStart=/usr/bin/lifeboat --config "
                                       "\"/etc/lifeboat/100%% shop.yaml\" backup shop"));
  EXPECT_EQ(files[3].name, "lifeboat-shop-drill-nightly.timer");
  EXPECT_THAT(files[3].text, HasSubstr("OnCalendar=*-1,4,7,10-1 5:0:00 Europe/Berlin\n"));
  EXPECT_THAT(files[3].text, HasSubstr("Persistent=true"));
}

TEST(ScheduleExport, OfGitHubCanBeStartedByHandAndSaysThatItFailed) {
  const auto text = (*export_github(due(), kSetup))[0].text;
  EXPECT_THAT(text, HasSubstr("workflow_dispatch:"));
  EXPECT_THAT(text, HasSubstr("- cron: '0 5 1 */3 *'"));
  EXPECT_THAT(text, HasSubstr("github.event.schedule == '0 3 * * *'"));
  EXPECT_THAT(text, HasSubstr("if: ${{ failure() }}"));
  EXPECT_THAT(text, HasSubstr("!cancelled() &&")) << "one that fails holds back no other";
}

TEST(ScheduleExport, OfGitHubNamesEachTimeOnce) {
  auto service = shop("UTC");
  service.drills[0].cron = "0 3 * * *";
  const auto text = (*export_github(due_of(service).value(), kSetup))[0].text;
  const std::string cron = "- cron: '0 3 * * *'";
  EXPECT_EQ(text.find(cron), text.rfind(cron)) << text;
}

TEST(ScheduleExport, OfGitHubIsRefusedForAnotherZoneThanUtc) {
  EXPECT_EQ(export_github(due("Europe/Berlin"), kSetup).error().code(), Code::refused);
}

}  // namespace
}  // namespace lifeboat::service
