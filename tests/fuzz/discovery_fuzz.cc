// What `init` reads of an application's surroundings: `.env`, compose files, crontabs and scripts
// of cron. Whoever wrote them, the configuration that is made of them is one.
#include "base/file.h"
#include "base/test_context.h"
#include "config/config.h"
#include "fuzz/fuzz.h"
#include "service/discovery.h"
#include "service/starter.h"

namespace lifeboat::service {
namespace {

constexpr std::array<const char*, 4> kFiles{"app/.env", "app/compose.yml", "root/etc/crontab",
                                            "root/etc/cron.daily/dump"};
constexpr std::size_t kMostFound = 10'000;

// An application with folders that a hint may name.
const fs::path& place() {
  static const ScratchDirectory kFolder = [] {
    auto folder = ScratchDirectory::make(fs::is_directory("/dev/shm") ? "/dev/shm" : "").value();
    for (const auto* name : {"app/uploads", "app/data", "app/a", "root/etc/cron.daily"})
      fuzz::promise(make_directories(folder.path() / name).has_value(), "folders can be made");
    return folder;
  }();
  static const fs::path kPath = kFolder.path();
  return kPath;
}

void gives_no_password_away(const Discovery& found) {
  for (const auto& each : found.foreign)
    fuzz::promise(!each.where.ends_with(" in .env") || each.what.find('@') == std::string::npos,
                  "no user and no password are shown");
}

void makes_a_configuration(const Discovery& found) {
  const auto text = starter_yaml(found, {"shop", "/backups"});
  const auto loaded = config::parse_config(text, "/etc/lifeboat.yaml", config::Variables());
  if (!loaded) std::fputs(loaded.error().describe().c_str(), stderr);
  fuzz::promise(loaded.has_value(), "what is found makes a configuration");
  fuzz::promise(loaded->config.services.at(0).sources.size() == found.sources.size(),
                "the configuration has what was found and nothing else");
}

}  // namespace
}  // namespace lifeboat::service

LIFEBOAT_FUZZ(input) {
  using namespace lifeboat::service;
  const auto file = place() / kFiles.at(input.choose(kFiles.size()));
  lifeboat::fuzz::promise(lifeboat::write_file(file, input.rest()).has_value(),
                          "the scratch folder can be written");
  lifeboat::TestContext test;
  const auto found = discover({place() / "app", place() / "root", {}}, test.context);
  std::filesystem::remove(file);
  lifeboat::fuzz::promise(found.has_value(), "no text stops the search");
  lifeboat::fuzz::promise(found->foreign.size() <= kMostFound, "what is found is bounded");
  gives_no_password_away(*found);
  makes_a_configuration(*found);
}
