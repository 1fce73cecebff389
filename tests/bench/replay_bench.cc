// What the replay of a log costs by itself: entries in, writes out, no server.
//
// replay_bench rate ENTRIES           prints how many a second of this process translates
// replay_bench transaction MEGABYTES  one of that size, in entries of 15 MiB; its memory is
// measured
//                                     from outside
#include <sys/resource.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/result.h"
#include "engine/mongodb/replay.h"

namespace {

using lifeboat::Bytes;
using lifeboat::Result;
using lifeboat::engine::mongodb::ArrayBuilder;
using lifeboat::engine::mongodb::DocumentBuilder;
using lifeboat::engine::mongodb::DocumentView;
using lifeboat::engine::mongodb::Replay;
using lifeboat::engine::mongodb::Timestamp;
using lifeboat::engine::mongodb::view_document;
using lifeboat::engine::mongodb::Write;

constexpr std::size_t kTextBytes = 900;  // a document of about 1 KB
constexpr std::size_t kPartBytes = 15U << 20U;
constexpr Timestamp kEnd{0xffffffff, 0};

Bytes id_of(std::int32_t id) { return DocumentBuilder().int32("_id", id).take(); }

Bytes thing(std::int32_t id, std::size_t text = kTextBytes) {
  return DocumentBuilder()
      .int32("_id", id)
      .number("number", id * 0.7)
      .text("text", std::string(text, static_cast<char>('a' + id % 26)))
      .take();
}

DocumentBuilder begin_entry(std::uint32_t number, std::string_view operation) {
  DocumentBuilder entry;
  entry.timestamp("ts", {1'000'000 + number / 1000, 1 + number % 1000})
      .int64("t", 1)
      .int32("v", 2)
      .text("op", operation);
  return entry;
}

Bytes insert_of(std::uint32_t number) {
  const auto id = static_cast<std::int32_t>(number);
  return begin_entry(number, "i")
      .text("ns", "shop.things")
      .document("o", thing(id))
      .document("o2", id_of(id))
      .take();
}

// As servers since 5.0 tell an update: one field set, one of an embedded document, one gone.
Bytes update_of(std::uint32_t number) {
  const auto inner =
      DocumentBuilder().document("u", DocumentBuilder().int32("count", 7).take()).take();
  const auto diff = DocumentBuilder()
                        .document("d", DocumentBuilder().boolean("draft", false).take())
                        .document("u", DocumentBuilder().text("state", "paid").take())
                        .document("saddress", inner)
                        .take();
  return begin_entry(number, "u")
      .text("ns", "shop.things")
      .document("o", DocumentBuilder().int32("$v", 2).document("diff", diff).take())
      .document("o2", id_of(static_cast<std::int32_t>(number / 2)))
      .take();
}

Bytes delete_of(std::uint32_t number) {
  return begin_entry(number, "d")
      .text("ns", "shop.things")
      .document("o", id_of(static_cast<std::int32_t>(number / 3)))
      .take();
}

Bytes nested_insert(std::int32_t id, std::size_t text) {
  return DocumentBuilder()
      .text("op", "i")
      .text("ns", "shop.things")
      .document("o", thing(id, text))
      .document("o2", id_of(id))
      .take();
}

// Part of a transaction that goes on after it, or the last of one; 0 is before the first.
Bytes part_of_transaction(std::uint32_t number, std::uint32_t previous, Bytes operations,
                          bool goes_on) {
  DocumentBuilder object;
  object.array("applyOps", operations);
  if (goes_on) object.boolean("partialTxn", true);
  const Timestamp before =
      previous == 0 ? Timestamp{} : Timestamp{1'000'000 + previous / 1000, 1 + previous % 1000};
  return begin_entry(number, "c")
      .text("ns", "admin.$cmd")
      .document("o", object.take())
      .document("lsid", DocumentBuilder().int32("id", 1).take())
      .int64("txnNumber", 7)
      .document("prevOpTime", DocumentBuilder().timestamp("ts", before).int64("t", 1).take())
      .take();
}

Bytes small_transaction(std::uint32_t number) {
  ArrayBuilder operations;
  for (std::int32_t i = 0; i < 3; ++i)
    operations.document(nested_insert(static_cast<std::int32_t>(number) + i, kTextBytes));
  return part_of_transaction(number, 0, operations.take(), false);
}

// Of twenty entries ten inserts, seven updates, two deletes and a transaction of three inserts.
Bytes mixed_entry(std::uint32_t number) {
  const auto kind = number % 20;
  if (kind < 10) return insert_of(number);
  if (kind < 17) return update_of(number);
  return kind < 19 ? delete_of(number) : small_transaction(number);
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The entries are made before the clock runs.
Result<void> measure_rate(std::uint32_t count) {
  std::vector<Bytes> entries;
  for (std::uint32_t i = 0; i < count; ++i) entries.push_back(mixed_entry(i));
  std::uint64_t writes = 0;
  Replay replay({.until = kEnd, .known = {}, .leaves_out = {}, .make_store = {}});
  const auto visit = [&](const Write&) -> Result<void> {
    ++writes;
    return {};
  };
  const double before = cpu_seconds();
  for (const auto& each : entries) {
    const auto checked = TRY(DocumentView::check(each));
    TRY(replay.apply(checked, visit));
  }
  const double taken = cpu_seconds() - before;
  std::printf("%.0f entries/s (%u entries, %llu writes, %.2f s)\n", count / taken, count,
              static_cast<unsigned long long>(writes), taken);
  return {};
}

Result<void> replay_transaction(std::uint32_t megabytes) {
  const auto parts = static_cast<std::uint32_t>((std::uint64_t{megabytes} << 20U) / kPartBytes);
  std::uint64_t writes = 0;
  Replay replay({.until = kEnd, .known = {}, .leaves_out = {}, .make_store = {}});
  for (std::uint32_t number = 1; number <= parts; ++number) {
    ArrayBuilder operations;
    operations.document(nested_insert(static_cast<std::int32_t>(number), kPartBytes));
    const auto entry = part_of_transaction(number, number - 1, operations.take(), number < parts);
    TRY(replay.apply(view_document(entry), [&](const Write&) -> Result<void> {
      ++writes;
      return {};
    }));
  }
  std::printf("%llu writes of %u parts\n", static_cast<unsigned long long>(writes), parts);
  if (writes == parts) return {};
  return lifeboat::fail(lifeboat::Code::internal, "not all of the transaction came out");
}

}  // namespace

int main(int count, char** words) {
  const std::string_view what = count == 3 ? words[1] : "";
  const auto size = count == 3 ? static_cast<std::uint32_t>(std::atoi(words[2])) : 0U;
  if (size == 0 || (what != "rate" && what != "transaction")) {
    std::fputs("replay_bench rate ENTRIES | transaction MEGABYTES\n", stderr);
    return 2;
  }
  const auto done = what == "rate" ? measure_rate(size) : replay_transaction(size);
  if (!done) std::fprintf(stderr, "%s\n", done.error().describe().c_str());
  return done ? 0 : 1;
}
