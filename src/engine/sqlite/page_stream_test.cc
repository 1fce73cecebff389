#include "engine/sqlite/page_stream.h"

#include "engine/sqlite/page_one_vfs.h"
#include "engine/sqlite/test_database.h"

namespace lifeboat::engine::sqlite {
namespace {

using testing::Application;
using testing::many_rows;

class SqlitePageStream : public testing::DatabaseTest {
 protected:
  // A connection in a read transaction, and the options for its stream.
  void begin() {
    OpenOptions options;
    options.path = live();
    options.vfs = vfs_.name();
    connection_.emplace(Connection::open(options).value());
    LIFEBOAT_OK(connection_->execute("BEGIN"));
    LIFEBOAT_OK(connection_->number("SELECT count(*) FROM sqlite_schema"));
    options_.page_one = to_bytes(vfs_.last_page_one());
    options_.page_count =
        static_cast<std::uint64_t>(connection_->number("PRAGMA page_count").value());
  }
  Result<Bytes> read_all() {
    return contract::read_all(*TRY(open_page_stream(*connection_, options_)));
  }

  PageOneVfs vfs_;
  std::optional<Connection> connection_;
  PageStreamOptions options_;
};

TEST_F(SqlitePageStream, FillsThePageOfTheLocksWithZeros) {
  constexpr unsigned kMoved = 1U << 16U;
  const auto usual = sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, 0U);
  sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, kMoved);
  options_.locked_at = kMoved;
  make(many_rows("items", 300, 1000));
  begin();
  const auto pages = read_all();
  connection_.reset();
  sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, static_cast<unsigned>(usual));
  LIFEBOAT_OK(pages);
  EXPECT_EQ(*pages, read_file(live()).value());
  EXPECT_GT(pages->size(), std::size_t{2} * kMoved);
}

TEST_F(SqlitePageStream, RefusesAPageOneThatIsNotOfThisTransaction) {
  make(many_rows("items", 10));
  begin();
  options_.page_one[200] ^= 1U;
  EXPECT_EQ(read_all().error().code(), Code::internal);
}

TEST_F(SqlitePageStream, RefusesAnotherNumberOfPagesThanThereAre) {
  make(many_rows("items", 100));
  begin();
  ++options_.page_count;
  EXPECT_EQ(read_all().error().code(), Code::internal);
  options_.page_count -= 2;
  EXPECT_EQ(read_all().error().code(), Code::internal);
}

}  // namespace
}  // namespace lifeboat::engine::sqlite
