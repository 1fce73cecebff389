#include <date/tz.h>

#include <sstream>

#include "policy/local_time.h"

namespace lifeboat::policy {
namespace {

Result<Time> in_zone(const date::local_time<Duration>& local, const std::string& tz) {
  // The library tells of an unknown zone, and of a missing database, by exceptions.
  try {
    return date::locate_zone(tz)->to_sys(local, date::choose::earliest);
  } catch (const std::exception& error) {
    return fail(Error(Code::config_invalid, "time zone \"" + tz + "\": " + error.what())
                    .with_hint("Install tzdata, or give the time with an offset."));
  }
}

}  // namespace

Result<Time> parse_time(const std::string& text, const std::string& tz) {
  if (const auto absolute = parse_rfc3339(text)) return *absolute;
  for (const auto* form :
       {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"}) {
    std::istringstream stream(text);
    date::local_time<Duration> local;
    stream >> date::parse(form, local);
    if (!stream.fail() && stream.peek() == std::istringstream::traits_type::eof())
      return in_zone(local, tz);
  }
  return fail(Error(Code::usage, "\"" + text + "\" is no time")
                  .with_hint("Write 2026-11-21T09:45:00Z, or \"2026-11-21 10:45\" for the time "
                             "zone of the service."));
}

std::string machine_zone() {
  try {
    const auto name = date::current_zone()->name();
    return name == "Etc/UTC" ? "UTC" : name;
  } catch (const std::exception&) {
    return "UTC";
  }
}

}  // namespace lifeboat::policy
