#include "service/mark_calls.h"

#include <condition_variable>
#include <mutex>

#include "base/file.h"
#include "base/json.h"
#include "engine/markers.h"
#include "service/calls.h"
#include "service/compose.h"
#include "service/json.h"
#include "service/memory_file.h"

namespace lifeboat::service {
namespace {

constexpr std::size_t kMostJournal = 4096;

std::filesystem::path journal_of(const std::filesystem::path& state, const std::string& service) {
  return state / "markers" / (service + ".json");
}

std::optional<std::uint64_t> last_written(const std::filesystem::path& journal) {
  const auto memory = read_memory(journal, kMostJournal);
  const auto number = memory.find("number");
  if (number == memory.end() || !number->is_number_unsigned()) return std::nullopt;
  return number->get<std::uint64_t>();
}

struct Place {
  engine::SourceOptions source;
  std::string name;
  std::filesystem::path journal;
};

Result<Place> place_of(const Composition& composition, const config::Service& service) {
  const config::Resolver resolver(composition.loaded.config, composition.loaded.variables);
  return Place{TRY(resolver.marked_source(service)), service.markers->name,
               journal_of(composition.service.settings().state, service.name)};
}

Result<engine::Marker> write_one(const Place& place, const RunContext& context) {
  auto marker = TRY(engine::write_marker(place.source, place.name, context));
  TRY(make_directories(place.journal.parent_path()));
  TRY(write_file(place.journal, view_of(canonical_json({{"number", marker.number},
                                                        {"time", to_rfc3339(marker.time)}}))));
  return marker;
}

// Returns at once when the run is stopped.
void wait(Duration time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock hold(mutex);
  woken.wait_for(hold, stop, time, [] { return false; });
}

}  // namespace

std::optional<drill::MarkersRequest> markers_of(const config::Service& service,
                                                const std::filesystem::path& state) {
  if (!service.markers) return std::nullopt;
  return drill::MarkersRequest{service.markers->source, service.markers->name,
                               last_written(journal_of(state, service.name))};
}

// One that cannot be written is said and the next is tried: an application that is busy or being
// restarted must not end them.
Result<Answer> mark(const Setup& setup, const MarkCall& call, const RunContext& context) {
  const auto composition = TRY(compose(setup));
  const auto& service = *TRY(composition->loaded.config.find_service(call.service));
  const auto place = TRY(place_of(*composition, service));
  Answer answer;
  std::uint64_t written = 0;
  std::uint64_t missed = 0;
  while (!context.stop.stop_requested()) {
    const auto marker = write_one(place, context);
    if (!marker && call.once) return fail(marker.error());
    if (!marker) context.log.warning("no marker was written: " + marker.error().describe());
    ++(marker ? written : missed);
    if (marker)
      answer.body["newest"] = {{"number", marker->number}, {"time", to_rfc3339(marker->time)}};
    if (call.once) break;
    wait(service.markers->every, context.stop);
  }
  answer.body["service"] = service.name;
  answer.body["written"] = written;
  answer.body["missed"] = missed;
  answer.exit_status = missed == 0 ? 0 : 2;
  return answer;
}

}  // namespace lifeboat::service
