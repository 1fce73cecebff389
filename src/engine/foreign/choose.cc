#include "engine/foreign/choose.h"

#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/file.h"

namespace lifeboat::engine::foreign {
namespace {

constexpr std::size_t kMostNames = 100'000;

bool is_digit(char letter) { return letter >= '0' && letter <= '9'; }

// Takes `count` digits as a number from `least` to `most`; nothing is taken otherwise.
std::optional<int> take_number(std::string_view& rest, std::size_t count, int least, int most) {
  if (rest.size() < count) return std::nullopt;
  int value = 0;
  for (const char letter : rest.substr(0, count)) {
    if (!is_digit(letter)) return std::nullopt;
    value = value * 10 + (letter - '0');
  }
  if (value < least || value > most) return std::nullopt;
  rest.remove_prefix(count);
  return value;
}

void take_separator(std::string_view& rest, std::string_view separators) {
  if (!rest.empty() && separators.find(rest.front()) != std::string_view::npos)
    rest.remove_prefix(1);
}

std::string two(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

// "2026-11-20" or "20261120" at the front.
std::optional<std::string> take_date(std::string_view& rest) {
  auto at = rest;
  const auto year = take_number(at, 4, 1990, 2100);
  if (!year) return std::nullopt;
  take_separator(at, "-_.");
  const auto month = take_number(at, 2, 1, 12);
  take_separator(at, "-_.");
  const auto day = month ? take_number(at, 2, 1, 31) : std::nullopt;
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  rest = at;
  return std::to_string(*year) + "-" + two(*month) + "-" + two(*day);
}

// "T0300", "_03-00-00", "0300" at the front; more digits after it make it something else.
std::string take_time(std::string_view& rest) {
  auto at = rest;
  take_separator(at, "T_-. ");
  const auto hour = take_number(at, 2, 0, 23);
  take_separator(at, "-:_.h");
  const auto minute = hour ? take_number(at, 2, 0, 59) : std::nullopt;
  if (!minute) return "";
  const auto without_seconds = at;
  take_separator(at, "-:_.m");
  const auto second = take_number(at, 2, 0, 59);
  if (!second) at = without_seconds;
  if (!at.empty() && is_digit(at.front())) return "";
  rest = at;
  return two(*hour) + ":" + two(*minute) + ":" + two(second.value_or(0));
}

Result<Candidate> look_at(const fs::path& path, const struct stat& status) {
  Candidate candidate;
  candidate.path = path.string();
  candidate.name = path.filename().string();
  candidate.stamp = TRY(stamp_in(candidate.name));
  const auto time = [](const timespec& at) {
    return Time(std::chrono::seconds(at.tv_sec) + std::chrono::microseconds(at.tv_nsec / 1000));
  };
  candidate.modified = time(status.st_mtim);
  if (S_ISREG(status.st_mode)) candidate.bytes = static_cast<std::uint64_t>(status.st_size);
  candidate.is_folder = S_ISDIR(status.st_mode);
  if (!candidate.is_folder) return candidate;
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    struct stat inner{};
    if (::lstat(at->path().c_str(), &inner) == 0)
      candidate.modified = std::max(candidate.modified, time(inner.st_mtim));
  }
  return candidate;
}

bool fits(const Options& options, const struct stat& status) {
  const bool is_folder = options.format == "files" || options.is_dump();
  const bool is_file = options.format != "files";
  return (is_folder && S_ISDIR(status.st_mode)) || (is_file && S_ISREG(status.st_mode));
}

std::string kind_of(const Options& options) {
  if (options.is_dump()) return "file or folder";
  return options.format == "files" ? "folder" : "file";
}

Result<Candidate> only_candidate(const Options& options) {
  struct stat status{};
  if (::stat(options.from.c_str(), &status) != 0)
    return fail_errno(errno, "there is no backup: " + options.from);
  if (fits(options, status)) return look_at(options.from, status);
  return fail(Error(Code::config_invalid, options.from + " is no " + kind_of(options))
                  .with_hint(S_ISDIR(status.st_mode)
                                 ? "Say with pattern: which of the files in it are the backups."
                                 : "Write the format that it has."));
}

Failure nothing_found(const Options& options, bool links) {
  auto error = Error(Code::not_found, "there is no backup: no " + kind_of(options) + " in " +
                                          options.from + " is named " + options.pattern);
  if (links) error.with_hint("Links are not followed: name one in from:, without a pattern.");
  return Failure(std::move(error));
}

Failure cannot_tell(const std::string& one, const std::string& other, const std::string& why) {
  return fail(Error(Code::config_invalid,
                    "which backup is the newest is not certain: " + why + ": " + one + ", " + other)
                  .with_hint("Write a pattern that only names of one form fit."));
}

}  // namespace

Result<std::optional<Stamp>> stamp_in(std::string_view name) {
  std::optional<Stamp> found;
  auto rest = name;
  bool after_digit = false;
  while (!rest.empty()) {
    auto at = rest;
    const auto date = after_digit ? std::nullopt : take_date(at);
    const auto time = date ? take_time(at) : "";
    // More digits than a date has are a number.
    if (!date || (time.empty() && !at.empty() && is_digit(at.front()))) {
      after_digit = is_digit(rest.front());
      rest.remove_prefix(1);
      continue;
    }
    if (found)
      return fail(Error(Code::config_invalid, "two dates stand in the name " + std::string(name))
                      .with_hint("Write a pattern that other names fit."));
    found = Stamp{*date, time};
    after_digit = false;
    rest = at;
  }
  return found;
}

Result<std::vector<Candidate>> candidates(const Options& options) {
  if (options.pattern.empty()) return std::vector{TRY(only_candidate(options))};
  std::vector<Candidate> found;
  std::size_t seen = 0;
  bool links = false;
  std::error_code error;
  for (fs::directory_iterator at(options.from, error), end; !error && at != end;
       at.increment(error)) {
    if (++seen > kMostNames)
      return fail(Code::refused,
                  options.from + " holds more than " + std::to_string(kMostNames) + " names");
    const auto name = at->path().filename().string();
    if (::fnmatch(options.pattern.c_str(), name.c_str(), FNM_PERIOD) != 0) continue;
    struct stat status{};
    if (::lstat(at->path().c_str(), &status) != 0) continue;  // gone meanwhile
    links |= S_ISLNK(status.st_mode);
    if (fits(options, status)) found.push_back(TRY(look_at(at->path(), status)));
  }
  if (error) return fail_errno(error.value(), "cannot look into " + options.from);
  if (found.empty()) return nothing_found(options, links);
  return found;
}

Result<Candidate> choose_newest(const std::vector<Candidate>& all) {
  if (all.empty()) return fail(Code::internal, "no backups to choose from");
  const auto dated = [](const Candidate& each) { return each.stamp.has_value(); };
  const auto plain = std::ranges::find_if_not(all, dated);
  const auto stamped = std::ranges::find_if(all, dated);
  if (plain != all.end() && stamped != all.end())
    return cannot_tell(stamped->name, plain->name, "one name has a date and another has none");
  const auto timed = [](const Candidate& each) { return !each.stamp->time.empty(); };
  const auto older = [&](const Candidate& one, const Candidate& other) {
    return dated(one) ? one.stamp < other.stamp : one.modified < other.modified;
  };
  const auto newest = std::ranges::max_element(all, older);
  for (const auto& each : all) {
    if (&each == &*newest) continue;
    const bool same_day = dated(each) && each.stamp->date == newest->stamp->date;
    if (same_day && timed(each) != timed(*newest))
      return cannot_tell(each.name, newest->name, "one name has a time of day, another has none");
    if (!older(each, *newest)) return cannot_tell(each.name, newest->name, "both are as new");
  }
  return *newest;
}

}  // namespace lifeboat::engine::foreign
