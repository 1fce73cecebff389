#include "drill/chain.h"

#include <algorithm>

namespace lifeboat::drill {
namespace {

std::string called(const SignedRecord& record) {
  return record.evidence.value("id", "") + " of " + record.evidence.value("started", "");
}

// "service in repository id": what a chain belongs to.
std::string owner_of(const SignedRecord& record) {
  const auto repository = record.evidence.value("repository", Json::object());
  return record.evidence.value("service", "") + " in repository " + repository.value("id", "");
}

Believed<std::vector<ChainPlace>> places_of(const std::vector<SignedRecord>& records) {
  std::vector<ChainPlace> places;
  for (const auto& record : records) {
    const auto place = place_of(record.evidence);
    if (!place)
      return doubt(Defect::unreadable, "the record " + called(record) + " is in no chain");
    if (owner_of(record) != owner_of(records[0]))
      return doubt(Defect::other_service, "the record " + called(record) + " is of " +
                                              owner_of(record) + ", the first of " +
                                              owner_of(records[0]));
    places.push_back(*place);
  }
  return places;
}

Believed<void> verify_order(const std::vector<ChainPlace>& places) {
  auto positions = std::vector<std::int64_t>();
  for (const auto& place : places) positions.push_back(place.position);
  if (std::is_sorted(positions.begin(), positions.end())) return {};
  return doubt(Defect::reordered, "the records are not in the order they were made");
}

}  // namespace

Json to_json(const ChainPlace& place) {
  return {{"position", place.position},
          {"previous", place.previous.empty() ? Json(nullptr) : Json(place.previous)}};
}

std::optional<ChainPlace> place_of(const Json& evidence) {
  const auto chain = evidence.find("chain");
  if (chain == evidence.end()) return std::nullopt;
  const auto position = number_at(*chain, "position");
  const auto previous = member(*chain, "previous");
  if (!position || !previous || *position < 1) return std::nullopt;
  const bool first = (*previous)->is_null();
  if (!first && !(*previous)->is_string()) return std::nullopt;
  return ChainPlace{*position, first ? "" : (*previous)->get<std::string>()};
}

ChainPlace place_after(const std::vector<SignedRecord>& records) {
  ChainPlace next;
  for (const auto& record : records) {
    const auto place = place_of(record.evidence);
    if (place && place->position >= next.position) next = {place->position + 1, record.digest};
  }
  return next;
}

Believed<void> verify_chain(const std::vector<SignedRecord>& records) {
  const auto places = places_of(records);
  if (!places) return tl::unexpected(places.error());
  if (auto ordered = verify_order(*places); !ordered) return ordered;
  for (std::size_t i = 1; i < records.size(); ++i) {
    const auto number = (*places)[i].position;
    const auto before = (*places)[i - 1].position;
    if (number > before + 1)
      return doubt(Defect::gap, "record " + std::to_string(before + 1) +
                                    " is missing: the next that is there is " + called(records[i]));
    if (number == before)
      return doubt(Defect::replaced, "two records say that they are number " +
                                         std::to_string(number) + ": " + called(records[i]));
    if ((*places)[i].previous != records[i - 1].digest)
      return doubt(Defect::replaced, "the record " + called(records[i]) +
                                         " follows another one than " + called(records[i - 1]));
  }
  return {};
}

}  // namespace lifeboat::drill
