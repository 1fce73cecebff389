#include "repository/log_pieces.h"

#include "repository/test_repository.h"

namespace lifeboat::repository {
namespace {

class LogPieces : public testing::Test {
 protected:
  void SetUp() override {
    auto made = place_.create();
    ASSERT_OK(made);
    admin_ = std::move(*made);
  }
  const RunContext& context() { return place_.context(); }
  NewLogPiece piece(std::uint64_t from, std::uint64_t to, const std::string& source = "db") const {
    return {"shop", source, "mongodb", from, to, {{"from", from}}, wordy_bytes(5000, from)};
  }
  // A snapshot whose source's log goes on from there.
  Result<SnapshotInfo> back_up_at(std::uint64_t position) {
    const auto writer = TRY(admin_->begin(draft_of(), context()));
    const auto source = TRY(writer->begin_source("db", "mongodb"));
    TRY(writer->finish_source(source, {Json::object(), Json::object(), {}, position}, context()));
    place_.test.clock.advance(std::chrono::hours(1));
    return writer->commit(context().clock.now(), true, context());
  }
  std::vector<std::uint64_t> ends() {
    std::vector<std::uint64_t> all;
    const auto pieces = admin_->log_pieces("shop", "db").value();
    for (const auto& each : pieces) all.push_back(each.to);
    return all;
  }
  std::vector<std::string> findings(CheckDepth depth) {
    std::vector<std::string> codes;
    const auto report = admin_->check(depth, context()).value();
    for (const auto& each : report.findings) codes.push_back(each.code);
    return codes;
  }

  TestPlace place_;
  RepositoryPointer admin_;
};

using Ends = std::vector<std::uint64_t>;
using Codes = std::vector<std::string>;

TEST_F(LogPieces, ComeBackInOrderWithWhatTheySayOfThemselves) {
  ASSERT_OK(admin_->add_log_piece(piece(20, 30), context()));
  ASSERT_OK(admin_->add_log_piece(piece(10, 20), context()));
  ASSERT_OK(admin_->add_log_piece(piece(5, 6, "other"), context()));
  const auto pieces = admin_->log_pieces("shop", "db");
  ASSERT_OK(pieces);
  EXPECT_EQ(ends(), (Ends{20, 30}));
  EXPECT_EQ(pieces->at(0).from, 10U);
  EXPECT_EQ(*admin_->log_about(pieces->at(1)), Json({{"from", 20}}));
  const auto read = admin_->read_log_piece(pieces->at(0));
  ASSERT_OK(read);
  EXPECT_EQ(read->content, wordy_bytes(5000, 10));
  EXPECT_EQ(read->about, Json({{"from", 10}}));
  EXPECT_TRUE(admin_->log_pieces("shop", "none")->empty());
}

TEST_F(LogPieces, AreHeadedByWhatTheySayOfThemselvesForWhichLittleIsRead) {
  ASSERT_OK(admin_->add_log_piece(piece(1, 2), context()));
  auto large = piece(2, 3);
  large.content = random_bytes(3U << 20U, 7);
  ASSERT_OK(admin_->add_log_piece(large, context()));
  const auto pieces = admin_->log_pieces("shop", "db").value();
  place_.read = 0;
  for (const auto& each : pieces) {
    const auto head = admin_->log_head(each);
    ASSERT_OK(head);
    EXPECT_EQ(*head, *admin_->log_about(each));
  }
  EXPECT_GT(place_.read, 3U << 20U) << "the whole was read for what is compared";
  place_.read = 0;
  for (const auto& each : pieces) ASSERT_OK(admin_->log_head(each));
  EXPECT_LT(place_.read, 2000U);
}

// Damage of the content is what a check finds.
TEST_F(LogPieces, AreDamagedByTheirHeadsWhereTheseAre) {
  ASSERT_OK(admin_->add_log_piece(piece(1, 2), context()));
  const auto key = place_.keys("logs/")[0];
  const auto whole = place_.object(key);
  const auto head_of_it = [&] { return admin_->log_head(admin_->log_pieces("shop", "db")->at(0)); };
  ASSERT_OK(head_of_it());
  for (const std::size_t at : {0, 5, 9, 20, 60}) {
    auto flipped = whole;
    flipped[at] ^= 1U;
    place_.replace(key, flipped);
    EXPECT_FALSE(head_of_it()) << at;
  }
  for (const auto size : {kLogHeadBegin / 2, 2 * kLogHeadBegin}) {
    place_.replace(key, ByteView(whole).first(size));
    EXPECT_CODE(head_of_it(), Code::corrupt);
  }
  place_.replace(key, whole);
  ASSERT_OK(head_of_it());
}

TEST_F(LogPieces, TellStrangersNeitherServiceNorSource) {
  ASSERT_OK(admin_->add_log_piece(piece(1, 2), context()));
  const auto keys = place_.keys("logs/");
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].find("shop"), std::string::npos);
  const auto text = to_text(place_.object(keys[0]));
  EXPECT_EQ(text.find("shop"), std::string::npos);
}

TEST_F(LogPieces, OneIsNeverWrittenOver) {
  ASSERT_OK(admin_->add_log_piece(piece(1, 2), context()));
  EXPECT_CODE(admin_->add_log_piece(piece(1, 2), context()), Code::exists);
}

TEST_F(LogPieces, AWriterWritesAndListsAndDoesNotRead) {
  const auto writer = place_.open_new(*admin_, Role::writer, "writer");
  ASSERT_OK(writer);
  ASSERT_OK((*writer)->add_log_piece(piece(1, 2), context()));
  const auto pieces = (*writer)->log_pieces("shop", "db");
  ASSERT_OK(pieces);
  ASSERT_OK((*writer)->log_about(pieces->at(0)));
  EXPECT_CODE((*writer)->read_log_piece(pieces->at(0)), Code::wrong_key);
  ASSERT_OK(admin_->read_log_piece(pieces->at(0)));
  const auto reader = place_.open_new(*admin_, Role::reader, "reader");
  ASSERT_OK(reader);
  EXPECT_CODE((*reader)->add_log_piece(piece(2, 3), context()), Code::wrong_key);
  ASSERT_OK((*reader)->read_log_piece(pieces->at(0)));
}

TEST_F(LogPieces, ACheckNoticesEachByteThatIsChangedAndIsSilentWithout) {
  ASSERT_OK(admin_->add_log_piece(piece(1, 2), context()));
  EXPECT_EQ(findings(CheckDepth::contents), Codes{});
  const auto key = place_.keys("logs/")[0];
  const auto whole = place_.object(key);
  for (std::size_t at = 0; at < whole.size(); at += 97) {
    auto flipped = whole;
    flipped[at] ^= 1U;
    place_.replace(key, flipped);
    EXPECT_EQ(findings(CheckDepth::objects), Codes{"log-damaged"}) << at;
  }
  place_.replace(key, ByteView(whole).first(whole.size() - 1));
  EXPECT_EQ(findings(CheckDepth::objects), Codes{"log-damaged"});
  place_.replace(key, whole);
  EXPECT_EQ(findings(CheckDepth::contents), Codes{});
}

TEST_F(LogPieces, OneUnderAnotherNameIsDamaged) {
  ASSERT_OK(admin_->add_log_piece(piece(1, 2), context()));
  const auto key = place_.keys("logs/")[0];
  auto other = key;
  other.back() = '3';
  place_.replace(other, place_.object(key));
  EXPECT_EQ(findings(CheckDepth::objects), Codes{"log-damaged"});
  place_.store->remove(other);
  place_.replace("logs/else", place_.object(key));
  EXPECT_EQ(findings(CheckDepth::objects), Codes{"log-damaged"});
}

TEST_F(LogPieces, PruneRemovesWhatNoSnapshotCanBeginFrom) {
  for (const std::uint64_t from : {10, 20, 30, 40})
    ASSERT_OK(admin_->add_log_piece(piece(from, from + 10), context()));
  const auto old = back_up_at(15);
  ASSERT_OK(old);
  ASSERT_OK(back_up_at(35));
  const auto nothing = admin_->prune({}, context());
  ASSERT_OK(nothing);
  EXPECT_EQ(nothing->log_pieces_removed, 0U);
  EXPECT_EQ(ends(), (Ends{20, 30, 40, 50}));
  ASSERT_OK(admin_->forget(old->id, "test", context()));
  const auto tried = admin_->prune({.dry_run = true}, context());
  ASSERT_OK(tried);
  EXPECT_EQ(tried->log_pieces_removed, 2U);
  EXPECT_EQ(ends(), (Ends{20, 30, 40, 50}));
  ASSERT_OK(admin_->prune({}, context()));
  EXPECT_EQ(ends(), (Ends{40, 50}));
}

TEST_F(LogPieces, PruneKeepsALogWhoseFirstSnapshotIsBeingMade) {
  ASSERT_OK(admin_->add_log_piece(piece(10, 20), context()));
  {
    const auto writer = admin_->begin(draft_of(), context());
    ASSERT_OK(writer);
    ASSERT_OK(admin_->prune({}, context()));
    EXPECT_EQ(ends(), Ends{20});
    ASSERT_OK((*writer)->commit(context().clock.now(), true, context()));
  }
  ASSERT_OK(admin_->prune({}, context()));
  EXPECT_EQ(ends(), Ends{});
}

TEST_F(LogPieces, ASnapshotSaysInItsHeadWhereItsLogGoesOn) {
  ASSERT_OK(back_up_at(0x123456789ABCDEF0U >> 4U));
  const auto list = admin_->snapshots(context());
  ASSERT_OK(list);
  EXPECT_EQ(list->snapshots.at(0).sources.at(0).log, 0x123456789ABCDEF0U >> 4U);
  ASSERT_OK(back_up(*admin_, some_files(), context()));
  EXPECT_FALSE(admin_->snapshots(context())->snapshots.at(1).sources.at(0).log);
}

}  // namespace
}  // namespace lifeboat::repository
