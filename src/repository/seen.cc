#include "repository/seen.h"

#include <algorithm>

#include "base/file.h"
#include "repository/fields.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kMaxWriters = 100'000;
constexpr std::size_t kMaxOpen = 100'000;
constexpr std::size_t kMaxMemory = 64U << 20U;

SeenWriter merge_writer(const SeenWriter& one, const SeenWriter& other) {
  SeenWriter merged{std::max(one.max, other.max), {}};
  const auto still_open = [&](std::uint64_t seq) { return !one.ended(seq) && !other.ended(seq); };
  std::ranges::set_union(one.open, other.open, std::back_inserter(merged.open));
  std::erase_if(merged.open, [&](std::uint64_t seq) { return !still_open(seq); });
  return merged;
}

Result<SeenWriter> seen_writer_from(const Json& value) {
  SeenWriter seen;
  seen.max = TRY(count_at(value, "max"));
  for (const auto& each : *TRY(array_at(value, "open", kMaxOpen))) {
    if (!each.is_number_unsigned()) return fail(Code::corrupt, "\"open\" is not a list of numbers");
    seen.open.push_back(each.get<std::uint64_t>());
  }
  const bool ascending =
      std::ranges::adjacent_find(seen.open, std::greater_equal<>()) == seen.open.end();
  if (!ascending || (!seen.open.empty() && seen.open.back() > seen.max))
    return fail(Code::corrupt, "\"open\" is not an ascending list of numbers up to \"max\"");
  return seen;
}

std::filesystem::path memory_file(const std::filesystem::path& cache) {
  return cache / "seen.json";
}

}  // namespace

bool SeenWriter::ended(std::uint64_t seq) const {
  return seq <= max && !std::ranges::binary_search(open, seq);
}

Seen merge(const Seen& one, const Seen& other) {
  Seen merged = one;
  for (const auto& [writer, seen] : other) {
    const auto [at, fresh] = merged.try_emplace(writer, seen);
    if (!fresh) at->second = merge_writer(at->second, seen);
  }
  return merged;
}

Json to_json(const Seen& seen) {
  auto object = Json::object();
  for (const auto& [writer, each] : seen)
    object[writer.hex()] = {{"max", each.max}, {"open", each.open}};
  return object;
}

Result<Seen> seen_from(const Json& value) {
  if (!value.is_object() || value.size() > kMaxWriters)
    return fail(Code::corrupt, "\"seen\" is not a table of writers");
  Seen seen;
  for (const auto& [writer, each] : value.items())
    seen[TRY(WriterId::from_hex(writer))] = TRY(seen_writer_from(each));
  return seen;
}

Seen read_memory(const std::filesystem::path& cache) {
  if (cache.empty()) return {};
  const auto text = read_file(memory_file(cache), kMaxMemory);
  const auto value = text ? parse_json(to_text(*text)) : fail(text.error());
  auto seen = value ? seen_from(*value) : fail(value.error());
  return seen ? std::move(*seen) : Seen{};
}

Result<void> write_memory(const std::filesystem::path& cache, const Seen& seen) {
  if (cache.empty()) return {};
  const auto before = read_memory(cache);
  const auto merged = merge(before, seen);
  if (merged == before) return {};
  TRY(make_directories(cache));
  return write_file(memory_file(cache), view_of(canonical_json(to_json(merged))));
}

}  // namespace lifeboat::repository
