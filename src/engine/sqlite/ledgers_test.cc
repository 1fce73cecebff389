#include "engine/sqlite/ledgers.h"

#include "engine/sqlite/test_database.h"

namespace lifeboat::engine::sqlite {
namespace {

struct Case {
  const char* name;
  const char* sql;
  const char* table;
  Json expected;
};

Json ledger(const char* tool, int applied, const Json& last, const Json& failed = Json::array()) {
  return {{"tool", tool},     {"applied", applied},       {"last", last},
          {"failed", failed}, {"dirty", !failed.empty()}, {"locked", false}};
}

Json locked(Json ledger) {
  ledger["locked"] = true;
  return ledger;
}

class SqliteLedgers : public testing::DatabaseTest, public ::testing::WithParamInterface<Case> {};

TEST_P(SqliteLedgers, AreRecognisedAndRead) {
  make(GetParam().sql);
  EXPECT_EQ(facts_now()["migrations"], Json({{GetParam().table, GetParam().expected}}));
}

TEST_P(SqliteLedgers, AreListedAsTheirFactsSay) {
  make(GetParam().sql);
  const auto ledgers = inspect(live())->ledgers(context());
  ASSERT_TRUE(ledgers) << ledgers.error().describe();
  ASSERT_EQ(ledgers->size(), 1U);
  const auto& ledger = ledgers->front();
  const auto& expected = GetParam().expected;
  EXPECT_EQ(ledger.table, GetParam().table);
  EXPECT_EQ(ledger.tool, expected["tool"]);
  EXPECT_EQ(ledger.applied.size(), expected["applied"].get<std::size_t>());
  EXPECT_EQ(ledger.applied.empty() ? Json() : Json(ledger.applied.back().name), expected["last"]);
  EXPECT_EQ(Json(ledger.failed), expected["failed"]);
  EXPECT_EQ(ledger.locked, expected["locked"].get<bool>());
}

INSTANTIATE_TEST_SUITE_P(
    Tools, SqliteLedgers,
    ::testing::Values(
        Case{"Prisma",
             "CREATE TABLE _prisma_migrations(id, checksum, finished_at, migration_name, logs,"
             " rolled_back_at, started_at, applied_steps_count);"
             "INSERT INTO _prisma_migrations(migration_name, started_at, finished_at) VALUES"
             " ('1_init', 1, 2), ('2_users', 3, 4), ('3_bad', 5, NULL)",
             "_prisma_migrations", ledger("prisma", 2, "2_users", {"3_bad"})},
        Case{"Flyway",
             "CREATE TABLE flyway_schema_history(installed_rank, version, script, success);"
             "INSERT INTO flyway_schema_history VALUES(1, '1', 'V1__a.sql', 1), (2, '2', "
             "'V2__b.sql', 0)",
             "flyway_schema_history", ledger("flyway", 1, "V1__a.sql", {"V2__b.sql"})},
        Case{
            "Alembic",
            "CREATE TABLE alembic_version(version_num); INSERT INTO alembic_version VALUES('ab12')",
            "alembic_version", ledger("alembic", 1, "ab12")},
        Case{"Django",
             "CREATE TABLE django_migrations(id INTEGER PRIMARY KEY, app, name, applied);"
             "INSERT INTO django_migrations VALUES(1, 'auth', '0001', 'x'), (2, 'shop', '0002', "
             "'y')",
             "django_migrations", ledger("django", 2, "shop.0002")},
        Case{"GolangMigrate",
             "CREATE TABLE schema_migrations(version, dirty); INSERT INTO schema_migrations "
             "VALUES(12, 1)",
             "schema_migrations", ledger("golang-migrate", 0, nullptr, {"12"})},
        Case{"Rails",
             "CREATE TABLE schema_migrations(version); CREATE TABLE ar_internal_metadata(key, "
             "value);"
             "INSERT INTO schema_migrations VALUES('2023'), ('2024')",
             "schema_migrations", ledger("rails", 2, "2024")},
        Case{
            "Dbmate",
            "CREATE TABLE schema_migrations(version); INSERT INTO schema_migrations VALUES('2023')",
            "schema_migrations", ledger("dbmate", 1, "2023")},
        Case{"Liquibase",
             "CREATE TABLE DATABASECHANGELOG(ID, AUTHOR, FILENAME, EXECTYPE, ORDEREXECUTED);"
             "CREATE TABLE DATABASECHANGELOGLOCK(ID, LOCKED);"
             "INSERT INTO DATABASECHANGELOG VALUES('one', 'a', 'f', 'EXECUTED', 1);"
             "INSERT INTO DATABASECHANGELOGLOCK VALUES(1, 1)",
             "DATABASECHANGELOG", locked(ledger("liquibase", 1, "one"))},
        Case{"Knex",
             "CREATE TABLE knex_migrations(id, name, batch); CREATE TABLE "
             "knex_migrations_lock(is_locked);"
             "INSERT INTO knex_migrations VALUES(1, 'a.js', 1); INSERT INTO knex_migrations_lock "
             "VALUES(0)",
             "knex_migrations", ledger("knex", 1, "a.js")},
        Case{"TypeOrm",
             "CREATE TABLE migrations(id, timestamp, name); INSERT INTO migrations VALUES(1, 5, "
             "'A5')",
             "migrations", ledger("typeorm", 1, "A5")},
        Case{"Laravel",
             "CREATE TABLE migrations(id, migration, batch); INSERT INTO migrations VALUES(1, "
             "'m1', 1)",
             "migrations", ledger("laravel", 1, "m1")},
        Case{"Goose",
             "CREATE TABLE goose_db_version(id, version_id, is_applied);"
             "INSERT INTO goose_db_version VALUES(1, 0, 1), (2, 7, 1)",
             "goose_db_version", ledger("goose", 1, "7")},
        Case{"Sqlx",
             "CREATE TABLE _sqlx_migrations(version, success, checksum);"
             "INSERT INTO _sqlx_migrations VALUES(1, 1, x''), (2, 0, x'')",
             "_sqlx_migrations", ledger("sqlx", 1, "1", {"2"})},
        Case{"DavepiWithItsLock",
             "CREATE TABLE _migrations(name, appliedAt, durationMs);"
             "INSERT INTO _migrations VALUES('0001', 1, 1), ('0002', 2, 1), ('__lock', 3, NULL)",
             "_migrations", locked(ledger("davepi", 2, "0002"))},
        Case{"DavepiWithStatus",
             "CREATE TABLE _migrations(name, status); INSERT INTO _migrations VALUES('1', "
             "'succeeded'),"
             " ('2', 'failed')",
             "_migrations", ledger("davepi", 1, "1", {"2"})}),
    [](const auto& param) { return param.param.name; });

class SqliteLedger : public testing::DatabaseTest {};

TEST_F(SqliteLedger, IsNotSeenInATableThatOnlySharesItsName) {
  make("CREATE TABLE migrations(bird, season); CREATE TABLE alembic_version(other)");
  EXPECT_TRUE(facts_now()["migrations"].empty());
}

TEST_F(SqliteLedger, ShowsAMigrationThatWasLost) {
  make(
      "CREATE TABLE django_migrations(id INTEGER PRIMARY KEY, app, name, applied);"
      "INSERT INTO django_migrations VALUES(1, 'auth', '0001', 'x'), (2, 'shop', '0002', 'y')");
  const auto before = facts_now();
  make("DELETE FROM django_migrations WHERE id = 2");
  EXPECT_NE(facts_now()["migrations"], before["migrations"]);
}

}  // namespace
}  // namespace lifeboat::engine::sqlite
