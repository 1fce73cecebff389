#include "drill/checks/migration_files.h"
#include "drill/test_shop.h"

namespace lifeboat::drill {
namespace {

void touch(const fs::path& file, std::string_view text = "") {
  ASSERT_TRUE(make_directories(file.parent_path()));
  ASSERT_TRUE(write_file(file, view_of(text)));
}

// A database in whose ledger two migrations are, and the application's folder with the same two.
class MigrationsCheckTest : public ShopFixture {
 protected:
  void SetUp() override {
    make_application();
    execute(live() / "shop.db",
            "CREATE TABLE _prisma_migrations (migration_name, checksum, started_at, finished_at, "
            "rolled_back_at, logs)");
    apply("1_users");
    apply("2_orders");
    open_repository();
  }

  void apply(const std::string& name) {
    const auto script = "CREATE " + name;
    touch(folder() / name / "migration.sql", script);
    execute(live() / "shop.db", "INSERT INTO _prisma_migrations VALUES ('" + name + "', '" +
                                    crypto::sha256(view_of(script)).hex() + "', '" + name +
                                    "', 'then', NULL, NULL)");
  }

  void work(const std::string& sql) { execute(live() / "shop.db", sql); }

  Report drill_now(bool with_folder = true) {
    back_up();
    auto request = drill_request();
    if (with_folder) request.options.checks = {MigrationsCheck{"db", folder().string()}};
    auto sealed = run_drill(request, *repository_, test_.context);
    EXPECT_TRUE(sealed) << sealed.error().describe();
    return sealed->report;
  }

  static const CheckResult& migrations_of(const Report& report) {
    static const CheckResult kNone;
    for (const auto& check : report.checks)
      if (check.id.starts_with("migrations.db")) return check;
    ADD_FAILURE() << "the check was not asked";
    return kNone;
  }

  // And explained by this rule and no other; "" where nothing is wrong.
  void expect(Outcome outcome, const std::string& message, const std::string& rule,
              bool with_folder = true) {
    const auto report = drill_now(with_folder);
    const auto& found = migrations_of(report);
    EXPECT_EQ(found.outcome, outcome) << found.message;
    EXPECT_NE(found.message.find(message), std::string::npos) << found.message;
    EXPECT_EQ(rules_of(report), rule) << report.reason;
    const bool good = outcome == Outcome::passed || outcome == Outcome::warned;
    EXPECT_EQ(report.verdict, good                         ? Verdict::proven
                              : outcome == Outcome::failed ? Verdict::failed
                                                           : Verdict::unverified)
        << report.reason;
  }

  fs::path folder() const { return scratch_.path() / "migrations"; }
};

TEST_F(MigrationsCheckTest, PassesWhenLedgerAndFolderAreEqual) {
  expect(Outcome::passed, "2 migrations are applied, as prisma says", "");
}
TEST_F(MigrationsCheckTest, FailsForAPendingOne) {
  touch(folder() / "3_late" / "migration.sql");
  expect(Outcome::failed, "1 pending", "migrations-open");
}
TEST_F(MigrationsCheckTest, FailsForAFailedOne) {
  work("UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '2_orders'");
  expect(Outcome::failed, "1 failed or half applied", "migrations-open");
}
TEST_F(MigrationsCheckTest, FailsForAnEditedOne) {
  touch(folder() / "1_users" / "migration.sql", "DROP TABLE users");
  expect(Outcome::failed, "1_users: edited since it was applied", "migrations-open");
}
TEST_F(MigrationsCheckTest, WarnsOfOneThatTheApplicationDoesNotKnow) {
  fs::remove_all(folder() / "2_orders");
  expect(Outcome::warned, "the backup is from another release", "migrations-odd");
}
TEST_F(MigrationsCheckTest, FailsWhenTheLedgerIsGone) {
  work("DROP TABLE _prisma_migrations");
  expect(Outcome::failed, "would begin with its first migration", "migrations-open");
}
TEST_F(MigrationsCheckTest, IsNotAPassWithoutTheFolder) {
  fs::remove_all(folder());
  expect(Outcome::not_run, "cannot read the migrations", "check-not-possible");
}
TEST_F(MigrationsCheckTest, IsNotAPassWhenTheFolderHoldsNone) {
  fs::remove_all(folder());
  touch(folder() / "README");
  expect(Outcome::not_run, "holds no migrations of prisma", "check-not-possible");
}
TEST_F(MigrationsCheckTest, IsAskedOfEveryLedgerUnasked) {
  expect(Outcome::passed, "2 migrations are applied", "", false);
  work("UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '2_orders'");
  expect(Outcome::failed, "1 failed or half applied", "migrations-open", false);
}
TEST_F(MigrationsCheckTest, WarnsOfALockThatTheBackupHolds) {
  work(
      "DROP TABLE _prisma_migrations; CREATE TABLE _migrations (name);"
      "INSERT INTO _migrations VALUES ('1_users'), ('__lock')");
  expect(Outcome::warned, "the backup was taken during a migration", "migrations-odd", false);
}

// The files of a tool, and the names by which its ledger knows them.
struct Layout {
  std::string tool;
  std::vector<std::string> files;
  std::vector<std::string> names;
  std::string in_ledger;  // how the ledger writes the first of them
};

class MigrationFiles : public ::testing::TestWithParam<Layout> {};

TEST_P(MigrationFiles, AreNamedAsTheLedgerNamesThem) {
  const auto scratch = std::move(*ScratchDirectory::make());
  for (const auto& file : GetParam().files) touch(scratch.path() / file);
  const auto found = list_migration_files(GetParam().tool, scratch.path());
  ASSERT_TRUE(found) << found.error().describe();
  std::vector<std::string> names;
  for (const auto& file : *found) names.push_back(file.name);
  EXPECT_EQ(names, GetParam().names);
  EXPECT_EQ(normal_migration_name(GetParam().tool, GetParam().in_ledger), names[0]);
}

INSTANTIATE_TEST_SUITE_P(
    Tools, MigrationFiles,
    ::testing::Values(
        Layout{"prisma", {"1_a/migration.sql", "2_b/notes", "lock.toml"}, {"1_a"}, "1_a"},
        Layout{"diesel", {"2024-01-02-000000_a/up.sql"}, {"20240102000000"}, "20240102000000"},
        Layout{"flyway",
               {"V1__a.sql", "V2__b.sql", "x.conf"},
               {"V1__a.sql", "V2__b.sql"},
               "V1__a.sql"},
        Layout{"laravel", {"2024_01_01_a.php"}, {"2024_01_01_a"}, "2024_01_01_a"},
        Layout{"ef", {"1_A.cs", "ShopModelSnapshot.cs"}, {"1_A"}, "1_A"},
        Layout{"knex", {"1_a.ts", "2_b.js"}, {"1_a", "2_b"}, "1_a.js"},
        Layout{"davepi", {"0001_a.js", "0002_b.js"}, {"0001_a", "0002_b"}, "0001_a"},
        Layout{"rails", {"20240101_a.rb"}, {"20240101"}, "20240101"},
        Layout{"goose", {"00007_a.sql", "00008_b.go"}, {"7", "8"}, "7"},
        Layout{"sqlx", {"0001_a.up.sql", "0001_a.down.sql"}, {"1"}, "1"},
        Layout{"django",
               {"shop/migrations/0001_a.py", "shop/migrations/__init__.py", "x.py"},
               {"shop.0001_a"},
               "shop.0001_a"},
        Layout{"typeorm", {"169-Users.ts", "readme.ts"}, {"Users169"}, "Users169"}),
    [](const auto& param) { return param.param.tool; });

TEST(MigrationFilesOfAnUnknownTool, AreAnErrorAndNotAnEmptyList) {
  EXPECT_EQ(list_migration_files("liquibase", "/").error().code(), Code::usage);
}

}  // namespace
}  // namespace lifeboat::drill
