#include "engine/sqlite/facts.h"

#include "engine/sqlite/row_digest.h"
#include "engine/sqlite/table_scan.h"
#include "engine/sqlite/test_database.h"

namespace lifeboat::engine::sqlite {
namespace {

using testing::Application;
using testing::many_rows;

const char* const kShop =
    "CREATE TABLE customer(id INTEGER PRIMARY KEY, name TEXT NOT NULL);"
    "CREATE TABLE orders(id INTEGER PRIMARY KEY AUTOINCREMENT, customer INT REFERENCES "
    "customer(id),"
    "                    total REAL, note BLOB);"
    "CREATE TABLE setting(k TEXT PRIMARY KEY, v) WITHOUT ROWID;"
    "CREATE TABLE log(text);"
    "CREATE INDEX by_customer ON orders(customer);"
    "CREATE VIEW totals AS SELECT customer, sum(total) FROM orders GROUP BY customer;"
    "CREATE TRIGGER logged AFTER INSERT ON orders BEGIN INSERT INTO log VALUES('new'); END;"
    "INSERT INTO customer VALUES(1, 'Ada'), (2, 'Bob');"
    "INSERT INTO orders(customer, total, note) VALUES(1, 10.5, x'00'), (2, 20, NULL), (1, 3, 'x');"
    "INSERT INTO setting VALUES('a', 1), ('b', 2);"
    "PRAGMA user_version=7; PRAGMA application_id=99;";

struct SchemaDefect {
  const char* name;
  const char* sql;
  const char* shown_at;  // a JSON pointer whose value changes
};

class SqliteFacts : public testing::DatabaseTest {};
class SqliteDefects : public SqliteFacts, public ::testing::WithParamInterface<SchemaDefect> {};

TEST_P(SqliteDefects, ChangeTheFactsWhereTheyAre) {
  make(kShop);
  const auto before = facts_now();
  make(GetParam().sql);
  const auto after = facts_now();
  const Json::json_pointer place(GetParam().shown_at);
  const auto at = [&](const Json& facts) {
    return facts.contains(place) ? facts.at(place) : Json("absent");
  };
  EXPECT_NE(at(before), at(after)) << pretty_json(after);
}

INSTANTIATE_TEST_SUITE_P(
    Planted, SqliteDefects,
    ::testing::Values(
        SchemaDefect{"AValueChanged", "UPDATE customer SET name = 'Eve' WHERE id = 2",
                     "/tables/customer/digest"},
        SchemaDefect{"ATypeChanged", "UPDATE orders SET note = x'78' WHERE id = 3",
                     "/tables/orders/digest"},
        SchemaDefect{"ANullFilled", "UPDATE orders SET note = '' WHERE id = 2",
                     "/tables/orders/digest"},
        SchemaDefect{"ARowLost", "DELETE FROM orders WHERE id = 2", "/tables/orders/rows"},
        SchemaDefect{"ARowLostAndAnotherDoubled",
                     "DELETE FROM log; INSERT INTO log VALUES('new'), ('new'), ('old')",
                     "/tables/log/digest"},
        SchemaDefect{"RowidsChanged", "UPDATE log SET rowid = rowid + 10", "/tables/log/digest"},
        SchemaDefect{"ValuesSwappedBetweenRows", "UPDATE setting SET v = 3 - v",
                     "/tables/setting/digest"},
        SchemaDefect{"ATableDropped", "DROP TABLE setting", "/tables/setting"},
        SchemaDefect{"AnIndexDropped", "DROP INDEX by_customer", "/objects/index by_customer"},
        SchemaDefect{"AViewDropped", "DROP VIEW totals", "/objects/view totals"},
        SchemaDefect{"ATriggerDropped", "DROP TRIGGER logged", "/objects/trigger logged"},
        SchemaDefect{
            "ATriggerWeakened",
            "DROP TRIGGER logged; CREATE TRIGGER logged AFTER INSERT ON orders BEGIN SELECT 1; END",
            "/objects/trigger logged/sql_sha256"},
        SchemaDefect{"ASchemaChanged", "ALTER TABLE customer ADD COLUMN mail TEXT",
                     "/schema_fingerprint"},
        SchemaDefect{"ASequenceSetBack", "UPDATE sqlite_sequence SET seq = 1",
                     "/tables/sqlite_sequence/digest"},
        SchemaDefect{"PagesCameFree", "DROP TABLE setting", "/freelist_count"},
        SchemaDefect{"PagesCameBeside", "CREATE TABLE more(x)", "/page_count"},
        SchemaDefect{"TheUserVersionChanged", "PRAGMA user_version=8", "/user_version"},
        SchemaDefect{"TheApplicationIdChanged", "PRAGMA application_id=98", "/application_id"}),
    [](const auto& param) { return param.param.name; });

TEST_F(SqliteFacts, AreTheSameForTheSameRowsInAnyOrderOfPages) {
  make(kShop);
  const auto before = facts_now();
  make(
      "UPDATE customer SET name = 'x'; UPDATE customer SET name = 'Ada' WHERE id = 1;"
      "UPDATE customer SET name = 'Bob' WHERE id = 2;");
  EXPECT_EQ(facts_now(), before);
  make("VACUUM");
  EXPECT_EQ(facts_now()["tables"], before["tables"]);
}

TEST_F(SqliteFacts, HoldNoRowContents) {
  make(kShop);
  make("INSERT INTO customer VALUES(3, 'a very private name')");
  EXPECT_EQ(canonical_json(facts_now()).find("private"), std::string::npos);
}

TEST_F(SqliteFacts, ReadTheTableAndNotAnIndexThatCoversIt) {
  make("CREATE TABLE t(a, b); CREATE INDEX both ON t(a, b); INSERT INTO t VALUES(1, 2), (3, 4)");
  const auto before = facts_now();
  // The index goes out of sight while the table changes, and comes back stale.
  make(
      "CREATE TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = 'both';"
      "PRAGMA writable_schema=ON; DELETE FROM sqlite_schema WHERE name = 'both'");
  make("UPDATE t SET a = 9");
  make("PRAGMA writable_schema=ON; INSERT INTO sqlite_schema SELECT * FROM hidden");
  EXPECT_EQ(inspect(live())->query("SELECT a, b FROM t ORDER BY a, b", 1, context())->at(0)[0], 1);
  EXPECT_NE(facts_now()["tables"]["t"]["digest"], before["tables"]["t"]["digest"]);
  EXPECT_FALSE(inspect(live())->integrity(false, context())->empty());
}

TEST_F(SqliteFacts, RunNothingThatTheDatabaseBringsAlong) {
  make(
      "CREATE TABLE t(a, b AS (abs(a)), c AS (hex(zeroblob(400000000))) VIRTUAL);"
      "INSERT INTO t(a) VALUES(1);"
      "CREATE VIRTUAL TABLE v USING fts5(x); INSERT INTO v VALUES('word');"
      "CREATE VIEW endless AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
      " SELECT i FROM n;");
  // A virtual table whose module nobody here has.
  make(
      "PRAGMA writable_schema=ON; INSERT INTO sqlite_schema VALUES('table', 'strange', 'strange', "
      "0,"
      " 'CREATE VIRTUAL TABLE strange USING nobody_has_this(x)')");
  const auto facts = facts_of(live());
  LIFEBOAT_OK(facts);
  EXPECT_EQ((*facts)["tables"]["t"]["columns"], Json({"a"}));
  EXPECT_TRUE((*facts)["objects"]["table strange"]["virtual"]);
}

TEST_F(SqliteFacts, NameTheTableThatIsDamaged) {
  make(many_rows("good", 50) + many_rows("broken", 2000));
  auto bytes = read_file(live()).value();
  Application app(live());
  const auto root =
      std::stoul(app.value("SELECT rootpage FROM sqlite_schema WHERE name = 'broken'"));
  app.close();
  std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>((root - 1) * 4096), 4096, 0x5a);
  LIFEBOAT_OK(write_file(live(), bytes));
  const auto facts = facts_of(live());
  ASSERT_FALSE(facts);
  EXPECT_EQ(facts.error().code(), Code::damage_found);
  EXPECT_NE(facts.error().describe().find("table broken"), std::string::npos)
      << facts.error().describe();
}

TEST_F(SqliteFacts, AreTheSameWithOneThreadAndWithTwo) {
  make(many_rows("items", 120'000, 20) + "DELETE FROM items WHERE id % 7 = 0;" + kShop +
       "CREATE TABLE wide(x INTEGER PRIMARY KEY); INSERT INTO wide VALUES"
       "(-9223372036854775808), (-1), (0), (9223372036854775807);");
  OpenOptions options;
  options.path = live();
  options.mode = OpenOptions::Mode::frozen;
  const auto first = Connection::open(options).value();
  const auto second = Connection::open(options).value();
  const auto alone = collect_facts({&first}, false);
  const auto together = collect_facts({&first, &second}, false);
  LIFEBOAT_OK(alone);
  LIFEBOAT_OK(together);
  EXPECT_EQ(pretty_json(*alone), pretty_json(*together));
  EXPECT_EQ((*alone)["tables"]["wide"]["rows"], 4);
}

TEST_F(SqliteFacts, StopWhenAsked) {
  make(many_rows("items", 50'000, 20));
  const auto inspector = inspect(live());
  test_.stop.request_stop();
  EXPECT_EQ(inspector->facts(context()).error().code(), Code::interrupted);
}

// The encoding and the sum as docs/format-engines.md describes them, done by hand.
TEST_F(SqliteFacts, DigestRowsAsDocumented) {
  make(
      "CREATE TABLE t(a, b, c, d, e); INSERT INTO t(rowid, a, b, c, d, e) VALUES"
      "(5, -2, 1.5, 'hé', x'00ff', NULL)");
  ByteWriter row;
  row.u8(1).u64(5).u8(1).i64(-2).u8(2).u64(0x3FF8000000000000U);
  row.u8(3).sized("hé").u8(4).u32(2).u16(0xff00).u8(5);
  EXPECT_EQ(facts_now()["tables"]["t"]["digest"], crypto::sha256(row.bytes()).hex());
}

TEST(SqliteRowSum, CarriesThroughAllWordsAndWrapsAround) {
  RowSum all;
  all.words = {~0ULL, ~0ULL, ~0ULL, ~0ULL};
  RowSum one;
  one.words = {1, 0, 0, 0};
  RowSum sum = all;
  sum.add(one);
  EXPECT_EQ(sum.words, (std::array<std::uint64_t, 4>{0, 0, 0, 0}));
  sum = all;
  sum.add(all);
  EXPECT_EQ(sum.words, (std::array<std::uint64_t, 4>{~0ULL - 1, ~0ULL, ~0ULL, ~0ULL}));
}

}  // namespace
}  // namespace lifeboat::engine::sqlite
