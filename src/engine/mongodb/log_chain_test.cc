#include "engine/mongodb/log_chain.h"

#include <gtest/gtest.h>

#include "base/json_value.h"
#include "engine/mongodb/test_log.h"

namespace lifeboat::engine::mongodb {
namespace {

Bytes log_insert(std::uint32_t at, const std::string& content = "x") {
  return entry_at(at, R"("op":"i","ns":"d.c","o":{"_id":)" + std::to_string(at) + R"(,"x":")" +
                          content + "\"}");
}

const LogOrigin kOrigin{"rs0", "0123", "7.0.1"};

SliceManifest slice_of(const std::vector<Bytes>& entries,
                       const std::optional<crypto::Digest>& previous = std::nullopt) {
  SliceTally tally;
  for (const auto& entry : entries) EXPECT_TRUE(tally.add(view_document(entry)));
  return tally.finish(kOrigin, previous).value();
}

SliceManifest slice_from_to(std::uint32_t from, std::uint32_t to,
                            const std::optional<crypto::Digest>& previous = std::nullopt) {
  std::vector<Bytes> entries;
  for (auto at = from; at <= to; ++at) entries.push_back(log_insert(at));
  return slice_of(entries, previous);
}

// 1–5, 5–9, then 20–25: entries 10 to 19 are missing.
std::vector<SliceManifest> with_a_gap() {
  const auto first = slice_from_to(1, 5);
  return {slice_from_to(20, 25), first, slice_from_to(5, 9, first.content)};
}

using Indexes = std::vector<std::size_t>;

Timestamp at(std::uint32_t seconds) { return {seconds, 1}; }

TEST(LogSlice, KnowsItsEndsItsCountsAndItsContent) {
  const auto noop = entry_at(3, R"("op":"n","ns":"","o":{},"wall":{"$date":{"$numberLong":"9"}})");
  const auto slice = slice_of({log_insert(1), log_insert(2), noop});
  EXPECT_EQ(slice.first.at, (OpTime{{1, 1}, 1}));
  EXPECT_EQ(slice.last.at, (OpTime{{3, 1}, 1}));
  EXPECT_EQ(slice.last.hash, crypto::sha256(noop));
  EXPECT_EQ(slice.last.wall_ms, 9);
  EXPECT_EQ(slice.entries, 3U);
  EXPECT_EQ(slice.operations, (std::map<std::string, std::uint64_t>{{"i", 2}, {"n", 1}}));
  Bytes all;
  for (const auto& each : {log_insert(1), log_insert(2), noop}) append(all, each);
  EXPECT_EQ(slice.content, crypto::sha256(all));
}

TEST(LogSlice, RefusesALogThatGoesBackAndOneWithoutEntries) {
  SliceTally tally;
  ASSERT_TRUE(tally.add(view_document(log_insert(2))));
  EXPECT_EQ(tally.add(view_document(log_insert(1))).error().code(), Code::corrupt);
  EXPECT_EQ(SliceTally().finish(kOrigin, {}).error().code(), Code::not_found);
}

std::string of_session(const std::string& object) {
  return R"("lsid":{"id":1},"txnNumber":{"$numberLong":"7"},"op":"c","ns":"admin.$cmd","o":)" +
         object;
}

TEST(LogSlice, RemembersTransactionsThatALaterSliceFinishes) {
  const auto part = entry_at(1, of_session(R"({"applyOps":[],"partialTxn":true})"));
  const auto second = entry_at(2, of_session(R"({"applyOps":[],"partialTxn":true})"));
  const auto last = entry_at(3, of_session(R"({"applyOps":[]})"));
  const auto open = slice_of({part, second}).open;
  ASSERT_EQ(open.size(), 1U);
  EXPECT_EQ(open[0].since, at(1));
  EXPECT_EQ(open[0].number, 7);
  EXPECT_TRUE(slice_of({part, second, last}).open.empty());
  for (const std::string end : {"commitTransaction", "abortTransaction"}) {
    SliceTally tally(open);
    ASSERT_TRUE(tally.add(view_document(entry_at(4, of_session(R"({")" + end + R"(":1})")))));
    EXPECT_TRUE(tally.finish(kOrigin, {})->open.empty());
  }
}

TEST(LogSlice, ItsManifestComesBack) {
  auto slice = slice_from_to(1, 3, crypto::sha256(to_bytes("before")));
  slice.open.push_back({"ab", -7, at(2)});
  slice.first.at.term = -1;
  EXPECT_EQ(decode_slice(encode_slice(slice)).value(), slice);
  slice.previous.reset();
  EXPECT_EQ(decode_slice(encode_slice(slice)).value(), slice);
}

TEST(LogSlice, RefusesAManifestThatLacksAMemberOrContradictsItself) {
  const auto whole = encode_slice(slice_from_to(1, 3));
  for (const auto& [key, value] : whole.items()) {
    auto lacking = whole;
    lacking.erase(key);
    EXPECT_FALSE(decode_slice(lacking)) << key;
    auto other = whole;
    other[key] = Json::array({1});
    EXPECT_FALSE(decode_slice(other)) << key;
  }
  auto counts = whole;
  counts["entries"] = 4;
  EXPECT_FALSE(decode_slice(counts));
  auto backwards = whole;
  backwards["first"]["seconds"] = 9;
  EXPECT_FALSE(decode_slice(backwards));
  auto large = whole;
  large["last"]["increment"] = 4294967296;
  EXPECT_FALSE(decode_slice(large));
  EXPECT_FALSE(decode_slice(Json(7)));
}

TEST(LogChain, ASliceFollowsTheOneWhoseLastEntryIsItsFirst) {
  const auto first = slice_from_to(1, 5);
  EXPECT_EQ(fit_of(first, slice_from_to(5, 9, first.content)), Fit::follows);
  EXPECT_EQ(fit_of(first, slice_from_to(5, 9)), Fit::follows);
}

TEST(LogChain, SeesAGapARollbackAnotherServerAndAnAlteredSlice) {
  const auto first = slice_from_to(1, 5);
  EXPECT_EQ(fit_of(first, slice_from_to(6, 9)), Fit::gap);
  EXPECT_EQ(fit_of(first, slice_from_to(4, 9)), Fit::diverged);
  EXPECT_EQ(fit_of(first, slice_of({log_insert(5, "other"), log_insert(6)})), Fit::diverged);
  auto term = slice_from_to(5, 9);
  term.first.at.term = 2;
  EXPECT_EQ(fit_of(first, term), Fit::diverged);
  auto server = slice_from_to(5, 9);
  server.replica_set_id = "other";
  EXPECT_EQ(fit_of(first, server), Fit::other_server);
  server.replica_set_id = "";  // was not told
  EXPECT_EQ(fit_of(first, server), Fit::follows);
  EXPECT_NE(fit_of(server, first), Fit::other_server);
  server.replica_set = "another";
  EXPECT_EQ(fit_of(first, server), Fit::other_server);
  const auto after_another = slice_from_to(5, 9, crypto::sha256(to_bytes("other")));
  EXPECT_EQ(fit_of(first, after_another), Fit::altered);
}

TEST(LogChain, AsksALiveLogForOurLastEntry) {
  const auto ours = slice_from_to(1, 5).last;
  auto other = ours;
  other.hash = crypto::sha256(to_bytes("other"));
  const auto later = slice_from_to(6, 9).first;
  EXPECT_EQ(fit_of_log(ours, at(1), ours), Fit::follows);
  EXPECT_EQ(fit_of_log(ours, at(1), other), Fit::diverged);
  EXPECT_EQ(fit_of_log(ours, at(1), std::nullopt), Fit::diverged);
  EXPECT_EQ(fit_of_log(ours, at(1), later), Fit::diverged);
  EXPECT_EQ(fit_of_log(ours, at(6), later), Fit::gap);
}

TEST(LogChain, TimelinesAreRunsWithoutAGap) {
  const auto lines = timelines(with_a_gap());
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].slices, (Indexes{1, 2}));
  EXPECT_EQ(lines[0].from, at(1));
  EXPECT_EQ(lines[0].to, at(9));
  EXPECT_EQ(lines[1].slices, Indexes{0});
  EXPECT_TRUE(timelines({}).empty());
}

TEST(LogChain, ChoosesTheSlicesFromTheSnapshotToTheMoment) {
  const auto slices = with_a_gap();
  EXPECT_EQ(slices_between(slices, at(2), at(7)).value(), (Indexes{1, 2}));
  EXPECT_EQ(slices_between(slices, at(2), at(4)).value(), Indexes{1});
  EXPECT_EQ(slices_between(slices, at(6), at(9)).value(), Indexes{2});
  EXPECT_EQ(slices_between(slices, at(6), at(6)).value(), Indexes{});
}

// Two that follow one log at once: 1–5 and 1–6, of which each goes on, and the first twice.
TEST(LogChain, OfSlicesThatOverlapThoseAreChosenThatFit) {
  const auto one = slice_from_to(1, 5);
  const auto other = slice_from_to(1, 6);
  const auto more = slice_from_to(5, 9, one.content);
  const std::vector<SliceManifest> slices{other, more, one, slice_from_to(9, 12, more.content),
                                          slice_from_to(9, 10, more.content)};
  EXPECT_EQ(slices_between(slices, at(2), at(12)).value(), (Indexes{2, 1, 3}));
  EXPECT_EQ(slices_between(slices, at(10), at(11)).value(), Indexes{3});
  EXPECT_EQ(timelines(slices).size(), 3U);
  EXPECT_EQ(slices_between(slices, at(2), at(13)).error().message(),
            "the log ends at 1970-01-01T00:00:12Z (12.1)");
}

// A server whose past was changed leaves two runs over the same time.
TEST(LogChain, OfTwoPastsThatOfTheSnapshotIsChosen) {
  const std::vector<Bytes> anew{log_insert(4, "anew"), log_insert(30, "anew")};
  const std::vector<SliceManifest> slices{slice_from_to(1, 20), slice_of(anew)};
  EXPECT_EQ(slices_between(slices, at(5), at(8)).value(), Indexes{0});
  EXPECT_EQ(slices_between(slices, at(5), at(25)).value(), Indexes{1});
  EXPECT_EQ(slices_between(slices, at(4), at(8), slices[1].first).value(), Indexes{1});
  EXPECT_FALSE(slices_between(slices, at(20), at(25), slices[0].last));
}

TEST(LogChain, SaysWhyAMomentCannotBeHadAndWhichCan) {
  const auto slices = with_a_gap();
  const auto refused = [&](std::uint32_t base, std::uint32_t until) {
    return slices_between(slices, at(base), at(until)).error();
  };
  EXPECT_EQ(refused(4, 2).code(), Code::not_restorable);
  EXPECT_EQ(refused(4, 2).message(),
            "the moment 1970-01-01T00:00:02Z (2.1) is before the end of the snapshot, "
            "1970-01-01T00:00:04Z (4.1)");
  EXPECT_EQ(refused(4, 15).message(),
            "the log goes without a gap until 1970-01-01T00:00:09Z (9.1), then entries are "
            "missing, and resumes at 1970-01-01T00:00:20Z (20.1)");
  EXPECT_EQ(refused(4, 22).hint(),
            "from this snapshot, moments from 1970-01-01T00:00:04Z (4.1) to "
            "1970-01-01T00:00:09Z (9.1) can be had");
  EXPECT_EQ(refused(21, 99).message(), "the log ends at 1970-01-01T00:00:25Z (25.1)");
  EXPECT_EQ(refused(12, 22).message(),
            "no log is there from 1970-01-01T00:00:12Z (12.1) on, where the snapshot ends");
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
