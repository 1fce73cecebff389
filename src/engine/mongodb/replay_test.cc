#include "engine/mongodb/replay.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "engine/mongodb/test_log.h"

namespace lifeboat::engine::mongodb {
namespace {

using Progress = Replay::Progress;
const Namespace kThings{"d", "c"};

std::string insert_of(int id) {
  return R"({"op":"i","ns":"d.c","ui":"x","o":{"_id":)" + std::to_string(id) + "}}";
}

std::string session(const std::string& previous = "0") {
  return R"("lsid":{"id":1},"txnNumber":{"$numberLong":"7"},"prevOpTime":{"ts":{"$timestamp":
            {"t":)" +
         previous + R"(,"i":)" + (previous == "0" ? "0" : "1") + R"(}},"t":1},)";
}

Bytes apply_ops(std::uint32_t at, const std::string& previous, const std::string& operations,
                const std::string& flags = "") {
  return entry_at(at, session(previous) + R"("op":"c","ns":"admin.$cmd","o":{"applyOps":[)" +
                          operations + "]" + flags + "}");
}

// What a replay of these entries leaves, until the given second.
struct Outcome {
  std::vector<std::int64_t> ids;
  std::vector<OpenTransaction> open;
  std::optional<OpTime> last;
};

Result<Outcome> replayed(const std::vector<Bytes>& entries, std::uint32_t until = 1000,
                         std::uint32_t known = 0) {
  MemoryCollections collections;
  Replay replay({.until = {until, 1},
                 .known = {known, 1},
                 .dialect = {},
                 .leaves_out = {},
                 .make_store = {}});
  for (const auto& entry : entries) {
    const auto progress = TRY(replay.apply(
        view_document(entry), [&](const Write& write) { return collections.write(write); }));
    if (progress == Progress::beyond) break;
  }
  Outcome outcome{{}, replay.open(), replay.last()};
  for (const auto& [filter, document] : collections.documents[kThings])
    outcome.ids.push_back(view_document(filter).begin()->integer().value());
  return outcome;
}

using Ids = std::vector<std::int64_t>;

TEST(Replay, AppliesUpToAndWithTheLimit) {
  const std::vector<Bytes> log{
      entry_at(1, R"("op":"i","ns":"d.c","o":{"_id":1})"),
      entry_at(2, R"("op":"i","ns":"d.c","o":{"_id":2})"),
      entry_at(3, R"("op":"i","ns":"d.c","o":{"_id":3})"),
  };
  EXPECT_EQ(replayed(log, 2)->ids, (Ids{1, 2}));
  EXPECT_EQ(replayed(log, 2)->last, (OpTime{{2, 1}, 1}));
  EXPECT_EQ(replayed(log, 0)->ids, Ids{});
  EXPECT_EQ(replayed(log, 0)->last, std::nullopt);
}

TEST(Replay, APlainApplyOpsIsItsOperations) {
  const auto inner = R"({"op":"c","ns":"d.$cmd","o":{"applyOps":[)" + insert_of(3) + "]}}";
  const auto log = entry_at(1, R"("op":"c","ns":"admin.$cmd","o":{"applyOps":[)" + insert_of(1) +
                                   "," + insert_of(2) + "," + inner + "]}");
  EXPECT_EQ(replayed({log})->ids, (Ids{1, 2, 3}));
}

TEST(Replay, RetryableInsertsAreNoTransaction) {
  const auto log = entry_at(1, session("5") + R"("multiOpType":1,"op":"c","ns":"admin.$cmd",
                                   "o":{"applyOps":[)" +
                                   insert_of(1) + "]}");
  EXPECT_EQ(replayed({log})->ids, Ids{1});
}

TEST(Replay, ATransactionInOneEntryIsAppliedAtOnce) {
  EXPECT_EQ(replayed({apply_ops(1, "0", insert_of(1) + "," + insert_of(2))})->ids, (Ids{1, 2}));
}

TEST(Replay, PartsOfATransactionWaitForTheLast) {
  const std::vector<Bytes> log{
      apply_ops(1, "0", insert_of(1), R"(,"partialTxn":true)"),
      entry_at(2, R"("op":"i","ns":"d.c","o":{"_id":9})"),
      apply_ops(3, "1", insert_of(2), R"(,"partialTxn":true)"),
      apply_ops(4, "3", insert_of(3), R"(,"count":3)"),
  };
  EXPECT_EQ(replayed(log, 4)->ids, (Ids{1, 2, 3, 9}));
  EXPECT_TRUE(replayed(log, 4)->open.empty());
  const auto inside = replayed(log, 3).value();
  EXPECT_EQ(inside.ids, Ids{9});
  ASSERT_EQ(inside.open.size(), 1U);
  EXPECT_EQ(inside.open[0].since, (Timestamp{1, 1}));
  EXPECT_EQ(inside.open[0].session.number, 7);
  EXPECT_FALSE(inside.open[0].prepared);
}

TEST(Replay, APreparedTransactionWaitsForItsCommitOrAbort) {
  const auto prepare = apply_ops(1, "0", insert_of(1), R"(,"prepare":true)");
  const auto ending = [](const std::string& name) {
    return entry_at(5, session("1") + R"("op":"c","ns":"admin.$cmd","o":{")" + name + R"(":1})");
  };
  const std::vector<Bytes> committed{prepare, ending("commitTransaction")};
  EXPECT_EQ(replayed(committed)->ids, Ids{1});
  EXPECT_EQ(replayed(committed, 4)->ids, Ids{});
  EXPECT_TRUE(replayed(committed, 4)->open.at(0).prepared);
  const auto aborted = replayed({prepare, ending("abortTransaction")}).value();
  EXPECT_EQ(aborted.ids, Ids{});
  EXPECT_TRUE(aborted.open.empty());
}

TEST(Replay, ATransactionThatBeganBeforeTheLogIsNotHalfApplied) {
  const auto last = apply_ops(4, "3", insert_of(3));
  EXPECT_EQ(replayed({last}).error().code(), Code::not_restorable);
  const auto commit =
      entry_at(5, session("1") + R"("op":"c","ns":"admin.$cmd","o":{"commitTransaction":1})");
  EXPECT_EQ(replayed({commit}).error().code(), Code::not_restorable);
  const auto first = apply_ops(1, "0", insert_of(1), R"(,"partialTxn":true)");
  EXPECT_EQ(replayed({first, last}).error().code(), Code::not_restorable);
}

TEST(Replay, WhatIsKnownIsPassedOverButForTransactionsThatGoOn) {
  const auto single = [](std::uint32_t at, const std::string& id) {
    return entry_at(at, R"("op":"i","ns":"d.c","o":{"_id":)" + id + "}");
  };
  const auto first = apply_ops(1, "0", insert_of(1), R"(,"partialTxn":true)");
  const auto last = apply_ops(4, "1", insert_of(2));
  EXPECT_EQ(replayed({first, single(2, "8"), single(3, "9"), last}, 9, 2)->ids, (Ids{1, 2, 9}));
  EXPECT_EQ(replayed({first, single(2, "8"), single(3, "9"), last}, 9, 4)->ids, Ids{});
}

TEST(Replay, TheEndOfATransactionThatIsKnownNeedsNoBeginning) {
  const auto end = apply_ops(4, "3", insert_of(3));
  const auto commit =
      entry_at(5, session("1") + R"("op":"c","ns":"admin.$cmd","o":{"commitTransaction":1})");
  EXPECT_EQ(replayed({end, commit}, 9, 5)->ids, Ids{});
  EXPECT_EQ(replayed({end, commit}, 9, 4).error().code(), Code::not_restorable);
}

TEST(Replay, TheEntryThatTwoSlicesShareIsAppliedOnce) {
  const auto first = apply_ops(1, "0", insert_of(1), R"(,"partialTxn":true)");
  const auto second = apply_ops(2, "1", insert_of(2), R"(,"partialTxn":true)");
  const auto last = apply_ops(3, "2", insert_of(3));
  EXPECT_EQ(replayed({first, second, second, last, last})->ids, (Ids{1, 2, 3}));
}

TEST(Replay, LeavesOutLocalAndConfigAndWhatItIsTold) {
  MemoryCollections collections;
  Replay replay({.until = {9, 9},
                 .known = {},
                 .dialect = {},
                 .leaves_out = [](const Namespace& where) { return where.collection == "no"; },
                 .make_store = {}});
  const auto visit = [&](const Write& write) { return collections.write(write); };
  for (const std::string fields :
       {R"("op":"i","ns":"local.oplog.rs","o":{"_id":1})",
        R"("op":"i","ns":"config.x","o":{"_id":1})", R"("op":"i","ns":"d.no","o":{"_id":1})",
        R"("op":"c","ns":"d.$cmd","o":{"create":"no"})",
        R"("op":"c","ns":"config.$cmd","o":{"somethingNew":1})",
        R"("op":"i","ns":"d.c","o":{"_id":1})"})
    ASSERT_TRUE(replay.apply(view_document(entry_at(1, fields)), visit)) << fields;
  EXPECT_EQ(collections.documents.size(), 1U);
  EXPECT_EQ(collections.documents.count(kThings), 1U);
}

TEST(Replay, LeavesOutNoRenameThatBringsInWhatIsWanted) {
  Replay replay({.until = {9, 9},
                 .known = {},
                 .dialect = {},
                 .leaves_out = [](const Namespace& where) { return where.collection != "c"; },
                 .make_store = {}});
  std::size_t renames = 0;
  const auto visit = [&](const Write& write) -> Result<void> {
    renames += std::holds_alternative<Rename>(write) ? 1 : 0;
    return {};
  };
  const auto rename = [&](const std::string& from, const std::string& to) {
    return replay.apply(
        view_document(entry_at(1, R"("op":"c","ns":"d.$cmd","o":{"renameCollection":")" + from +
                                      R"(","to":")" + to + R"("})")),
        visit);
  };
  ASSERT_TRUE(rename("d.x", "d.y"));
  EXPECT_EQ(renames, 0U);
  ASSERT_TRUE(rename("d.x", "d.c"));
  ASSERT_TRUE(rename("d.c", "d.x"));
  EXPECT_EQ(renames, 2U);
}

struct PartOfTransaction {
  std::uint32_t second = 0;
  std::uint32_t previous = 0;  // 0: it is the first
  std::int32_t number = 0;     // of the session
  std::string text{};
  bool more = true;  // follows
};

// Inserts one document, whose _id is the second.
Bytes entry_of(const PartOfTransaction& part) {
  const auto document = DocumentBuilder()
                            .int32("_id", static_cast<std::int32_t>(part.second))
                            .text("x", part.text)
                            .take();
  ArrayBuilder operations;
  operations.document(
      DocumentBuilder().text("op", "i").text("ns", "d.c").document("o", document).take());
  DocumentBuilder object;
  object.array("applyOps", operations.take());
  if (part.more) object.boolean("partialTxn", true);
  const Timestamp before = part.previous == 0 ? Timestamp{} : Timestamp{part.previous, 1};
  return DocumentBuilder()
      .timestamp("ts", {part.second, 1})
      .int64("t", 1)
      .text("op", "c")
      .text("ns", "admin.$cmd")
      .document("o", object.take())
      .document("lsid", DocumentBuilder().int32("id", part.number).take())
      .int64("txnNumber", 1)
      .document("prevOpTime", DocumentBuilder().timestamp("ts", before).int64("t", 1).take())
      .take();
}

// Many times what may be in memory, beside one that is open all the while.
TEST(Replay, HoldsALargeTransactionOutsideOfTheMemory) {
  constexpr std::size_t kMost = 300U << 10U;
  const auto used = std::make_shared<std::size_t>(0);
  Replay replay({.until = {1000, 1},
                 .known = {},
                 .dialect = {},
                 .leaves_out = {},
                 .make_store = hold_in_memory(kMost, used)});
  std::size_t bytes = 0;
  std::vector<std::int64_t> ids;
  const auto visit = [&](const Write& write) -> Result<void> {
    const auto& replace = std::get<Replace>(write);
    bytes += replace.document.size();
    ids.push_back(view_document(replace.filter).begin()->integer().value());
    return {};
  };
  const std::string large(256U << 10U, 'x');
  ASSERT_TRUE(replay.apply(view_document(entry_of({1, 0, 7, "small"})), visit));
  for (std::uint32_t i = 0; i < 12; ++i) {
    const auto entry = entry_of({10 + i, i == 0 ? 0 : 9 + i, 8, large, i < 11});
    const auto applied = replay.apply(view_document(entry), visit);
    ASSERT_TRUE(applied) << applied.error().describe();
    EXPECT_LE(*used, kMost);
    EXPECT_EQ(ids.empty(), i < 11);
  }
  EXPECT_EQ(ids, (std::vector<std::int64_t>{10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21}));
  EXPECT_GT(bytes, 12 * large.size());
  EXPECT_GT(*used, 0U);
  EXPECT_LT(*used, 1000U);
  EXPECT_EQ(replay.open().size(), 1U);
}

std::size_t open_files() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& each : fs::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST(Replay, HoldsAnyNumberOfTransactionsOutsideOfTheMemoryInOneFile) {
  constexpr std::uint32_t kOpen = 2000;
  Replay replay({.until = {100'000, 1},
                 .known = {},
                 .dialect = {},
                 .leaves_out = {},
                 .make_store = hold_in_memory(100)});
  std::vector<std::string> texts;
  const auto take = [&](const PartOfTransaction& part) {
    const auto applied =
        replay.apply(view_document(entry_of(part)), [&](const Write& write) -> Result<void> {
          const auto& replace = std::get<Replace>(write);
          texts.emplace_back(*view_document(replace.document).text_at("x"));
          return {};
        });
    EXPECT_TRUE(applied) << (applied ? "" : applied.error().describe());
  };
  const auto before = open_files();
  for (std::uint32_t i = 1; i <= kOpen; ++i)
    take({i, 0, static_cast<std::int32_t>(i), "one " + std::to_string(i)});
  EXPECT_EQ(open_files(), before + 1);
  EXPECT_TRUE(texts.empty());
  for (std::uint32_t i = kOpen; i > 0; --i) {
    const auto number = std::to_string(i);
    take({10'000 - i, i, static_cast<std::int32_t>(i), "two " + number, false});
    ASSERT_EQ(texts, (std::vector<std::string>{"one " + number, "two " + number}));
    texts.clear();
  }
  EXPECT_EQ(open_files(), before);
  EXPECT_TRUE(replay.open().empty());
}

TEST(Replay, SaysWhichEntryItCannotReplay) {
  const auto outcome = replayed({entry_at(4, R"("op":"zz","ns":"d.c","o":{})")});
  EXPECT_EQ(outcome.error().code(), Code::unsupported_format);
  const auto within =
      replayed({entry_at(4, R"("op":"c","ns":"d.$cmd","o":{"applyOps":[{"op":"i"}]})")});
  EXPECT_NE(within.error().describe().find("4.1"), std::string::npos);
}

// Random operations of one writer in every form that servers log, with the state after each.
struct RandomHistory {
  std::vector<Bytes> log;
  std::vector<std::map<Bytes, Bytes>> states{{}};

  explicit RandomHistory(std::uint32_t seed) : random(seed) {
    for (std::uint32_t second = 1; second <= 60; ++second) {
      states.push_back(states.back());
      step(second);
    }
  }

 private:
  void step(std::uint32_t second) {
    auto& state = states.back();
    const auto id =
        DocumentBuilder().int32("_id", static_cast<std::int32_t>(random.below(5))).take();
    const auto at = state.find(id);
    if (at == state.end()) {
      state[id] = with_fields(id);
      add(second, "i", state[id], {});
    } else if (random.below(4) == 0) {
      state.erase(at);
      add(second, "d", id, {});
    } else {
      change(second, id, at->second);
    }
  }

  void change(std::uint32_t second, const Bytes& id, Bytes& document) {
    const auto next = with_fields(id);
    if (random.below(2) == 0) {
      document = next;
      return add(second, "u", next, id);
    }
    DocumentBuilder changes;
    for (const auto& field : view_document(next))
      if (field.key != "_id") changes.element(field);
    const auto diff = DocumentBuilder().document("u", unique(changes.take())).take();
    document =
        apply_diff(view_document(document), view_document(diff), PresentField::moved).value();
    add(second, "u", DocumentBuilder().int32("$v", 2).document("diff", diff).take(), id);
  }

  Bytes with_fields(const Bytes& id) {
    DocumentBuilder builder;
    builder.element(*view_document(id).begin());
    const auto fields = unique(random.next());
    for (const auto& field : view_document(fields)) builder.element(field);
    return builder.take();
  }

  static Bytes unique(const Bytes& document) {
    std::map<std::string, Element> fields;
    for (const auto& field : view_document(document)) fields[std::string(field.key)] = field;
    DocumentBuilder builder;
    for (const auto& [name, field] : fields) builder.element(field);
    return builder.take();
  }

  void add(std::uint32_t second, const std::string& op, const Bytes& object, const Bytes& id) {
    DocumentBuilder entry;
    entry.timestamp("ts", {second, 1}).text("op", op).text("ns", "d.c").document("o", object);
    if (!id.empty()) entry.document("o2", id);
    log.push_back(entry.take());
  }

  RandomDocuments random;
};

void replay_history(const RandomHistory& history, std::uint32_t until,
                    MemoryCollections& collections) {
  Replay replay(
      {.until = {until, 1}, .known = {}, .dialect = {}, .leaves_out = {}, .make_store = {}});
  for (const auto& entry : history.log)
    ASSERT_TRUE(replay.apply(view_document(entry),
                             [&](const Write& write) { return collections.write(write); }));
}

TEST(Replay, EveryMomentOfARandomHistoryEqualsTheModelAlsoTheSecondTime) {
  for (std::uint32_t round = 0; round < 480; ++round) {
    const RandomHistory history(round / 60);
    const std::uint32_t until = round % 60 + 1;
    MemoryCollections collections;
    replay_history(history, until, collections);
    EXPECT_EQ(collections.documents[kThings], history.states[until]) << round;
    replay_history(history, until, collections);
    EXPECT_EQ(collections.documents[kThings], history.states[until]) << round;
  }
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
