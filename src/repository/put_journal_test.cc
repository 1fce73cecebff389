#include "repository/put_journal.h"

#include <gtest/gtest.h>

#include "repository/test_store.h"

namespace lifeboat::repository {
namespace {

PackName numbered_name(std::uint64_t number) { return *PackName::from(random_bytes(32, number)); }

class PutJournalTest : public testing::Test {
 protected:
  SessionRef session(std::uint64_t seq, std::uint64_t writer = 1) const {
    return {*WriterId::from(random_bytes(8, writer)), seq};
  }
  std::vector<PackName> left_behind(std::uint64_t seq, std::uint64_t writer = 1) const {
    return PutJournal(cache(), session(seq, writer)).left_behind();
  }
  std::filesystem::path cache() const { return scratch_.path() / "cache"; }
  std::filesystem::path file_of(const SessionRef& ref) const {
    return cache() / "put" / (ref.writer.hex() + "-" + hex_of(ref.seq));
  }

  ScratchDirectory scratch_ = *ScratchDirectory::make();
};

TEST_F(PutJournalTest, RemembersWhatASessionThatDiedWasAboutToPut) {
  {
    PutJournal journal(cache(), session(1));
    EXPECT_TRUE(journal.left_behind().empty());
    journal.add(numbered_name(1));
    journal.add(numbered_name(2));
  }
  EXPECT_EQ(left_behind(2), (std::vector{numbered_name(1), numbered_name(2)}));
  EXPECT_EQ(left_behind(3).size(), 2U) << "until they are listed";
}

TEST_F(PutJournalTest, ForgetsWhatIsInAnIndex) {
  {
    PutJournal died(cache(), session(1));
    died.add(numbered_name(1));
  }
  {
    PutJournal journal(cache(), session(2));
    journal.add(numbered_name(2));
    journal.clear();
    journal.add(numbered_name(3));
  }
  EXPECT_EQ(left_behind(3), std::vector{numbered_name(3)});
}

TEST_F(PutJournalTest, TakesNothingFromASessionThatLives) {
  PutJournal living(cache(), session(1));
  living.add(numbered_name(1));
  EXPECT_TRUE(left_behind(2).empty());
}

TEST_F(PutJournalTest, TakesNothingFromAnotherWriter) {
  {
    PutJournal other(cache(), session(1, 2));
    other.add(numbered_name(1));
  }
  EXPECT_TRUE(left_behind(2, 1).empty());
  EXPECT_EQ(left_behind(2, 2).size(), 1U);
}

TEST_F(PutJournalTest, LeavesOutALineThatIsTorn) {
  {
    PutJournal died(cache(), session(1));
    died.add(numbered_name(1));
    died.add(numbered_name(2));
  }
  std::filesystem::resize_file(file_of(session(1)), 100);
  EXPECT_EQ(left_behind(2), std::vector{numbered_name(1)});
  ASSERT_TRUE(write_file(file_of(session(1)), Bytes(65, 'x')));
  EXPECT_TRUE(left_behind(3).empty());
}

TEST_F(PutJournalTest, LeavesNoFileWithoutAName) {
  {
    const PutJournal journal(cache(), session(1));
  }
  EXPECT_TRUE(std::filesystem::is_empty(cache() / "put"));
}

TEST_F(PutJournalTest, RemembersNothingWithoutACache) {
  PutJournal journal({}, session(1));
  journal.add(numbered_name(1));
  journal.clear();
  EXPECT_TRUE(journal.left_behind().empty());
}

}  // namespace
}  // namespace lifeboat::repository
