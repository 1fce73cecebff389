#include "engine/foreign/engine.h"

#include <sys/stat.h>

#include "base/file.h"
#include "engine/foreign/choose.h"

namespace lifeboat::engine::foreign {
namespace {

Failure never_taken(const std::string& name) {
  return fail(Error(Code::usage, "source " + name +
                                     " is made by another tool: Lifeboat drills it "
                                     "and never takes it")
                  .with_hint("Run `lifeboat drill run`; the backup itself is that tool's job."));
}

Failure never_restored() {
  return fail(Error(Code::usage, "a backup that another tool made is restored by that tool")
                  .with_hint("`lifeboat drill run --keep` unpacks the newest and leaves it for a "
                             "day."));
}

Advice advice_on(const Options& options, const Candidate& newest, const RunContext& context) {
  const auto age = context.clock.now() - newest.modified;
  const auto message = "the newest is " + newest.name + ", " + describe_size(newest.bytes) +
                       ", written " + describe_duration(age) + " ago";
  if (newest.bytes == 0 && !newest.is_folder)
    return {Advice::Level::error, newest.path + " is empty", "Look at what makes it."};
  if (options.within && age > *options.within)
    return {Advice::Level::warning, message + ", more than " + describe_duration(*options.within),
            "What makes it has stopped, or writes elsewhere."};
  return {Advice::Level::ok, message, ""};
}

class ForeignEngine final : public Engine {
 public:
  std::string scheme() const override { return "foreign"; }
  Traits traits() const override { return {}; }

  Result<std::unique_ptr<Source>> open_source(const SourceOptions& options) const override {
    return never_taken(options.name);
  }
  Result<std::unique_ptr<Target>> open_target(const TargetOptions&) const override {
    return never_restored();
  }
  Result<std::unique_ptr<Inspector>> open_inspector(const std::string&) const override {
    return never_restored();
  }
  Result<std::vector<Advice>> examine(const SourceOptions& options,
                                      const RunContext& context) const override {
    if (!options.foreign.restore.empty())
      return std::vector{
          Advice{Advice::Level::ok, "brought by a program, which only a drill runs", ""}};
    const auto newest = TRY(choose_newest(TRY(candidates(options.foreign))));
    return std::vector{advice_on(options.foreign, newest, context)};
  }
  Result<std::uint64_t> estimate(const SourceOptions&, const RunContext&) const override {
    return 0;
  }
  // A sandbox does not belong among backups, and a restore must not overwrite one.
  Result<Identity> identify(const SourceOptions& options) const override {
    Identity identity;
    std::error_code error;
    const auto path = fs::canonical(options.foreign.from, error);
    struct stat status{};
    if (options.foreign.from.empty() || error || ::stat(path.c_str(), &status) != 0)
      return identity;
    identity.paths.push_back(path.string());
    identity.inodes.emplace_back(status.st_dev, status.st_ino);
    return identity;
  }
  Result<std::string> describe(const EntryInfo&) const override { return never_restored(); }
  bool holds(const EntryInfo&, const std::string&) const override { return false; }
  Result<void> extract_object(const std::string&, const std::string&,
                              const std::string&) const override {
    return never_restored();
  }
  std::vector<Defect> defects() const override { return {}; }
  Result<std::optional<std::string>> plant(const std::string&, const std::string&) const override {
    return never_restored();
  }
};

}  // namespace

const Engine& foreign_engine() {
  static const ForeignEngine kEngine;
  return kEngine;
}

}  // namespace lifeboat::engine::foreign
