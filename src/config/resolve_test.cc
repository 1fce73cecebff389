#include "config/resolve.h"

#include <gmock/gmock.h>

#include "base/test_context.h"
#include "config/test_config.h"

namespace lifeboat::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

using Environment = std::map<std::string, std::string>;

struct Resolved {
  explicit Resolved(std::map<std::string, std::string> environment,
                    const std::string& text = kWholeText)
      : loaded(*parse_text(text, std::move(environment))),
        resolver(loaded.config, loaded.variables) {}
  const Service& shop() const { return loaded.config.services[0]; }
  const Repository& repository(std::size_t index) const {
    return loaded.config.repositories[index];
  }

  Loaded loaded;
  Resolver resolver;
  TestContext test;
};

TEST(Resolver, FillsInASource) {
  const Resolved resolved(Environment{{"DATABASE", "/srv/shop//shop.db"}});
  const auto db = resolved.resolver.source(resolved.shop().sources[0]);
  ASSERT_TRUE(db);
  EXPECT_EQ(db->path, "/srv/shop/shop.db");
  const auto uploads = resolved.resolver.source(resolved.shop().sources[1]);
  ASSERT_TRUE(uploads);
  EXPECT_EQ(uploads->path, "/etc/shop/uploads");
  EXPECT_THAT(uploads->exclude, ElementsAre("*.tmp"));
  EXPECT_EQ(uploads->read_limit, 50'000'000U);
  EXPECT_EQ(uploads->workers, 2U);
}

TEST(Resolver, NeedsOnlyTheVariablesOfWhatIsUsed) {
  const Resolved resolved({});
  EXPECT_TRUE(resolved.resolver.source(resolved.shop().sources[1]));
  EXPECT_TRUE(resolved.resolver.repository(resolved.repository(0)));
  EXPECT_TRUE(resolved.resolver.hooks(resolved.shop()));
  EXPECT_TRUE(resolved.resolver.drill(resolved.shop().drills[0]));
  const auto db = resolved.resolver.source(resolved.shop().sources[0]);
  ASSERT_FALSE(db);
  EXPECT_EQ(db.error().describe(),
            "services.shop.sources.db.path: not set in the environment: DATABASE");
}

TEST(Resolver, RefusesAVariableThatMakesThePathEmpty) {
  auto loaded = *parse_text(kWholeText);
  const Variables empty(Environment{{"DATABASE", ""}});
  EXPECT_FALSE(Resolver(loaded.config, empty).source(loaded.config.services[0].sources[0]));
}

TEST(Resolver, FillsInARepository) {
  const Resolved resolved(Environment{{"REPOSITORY", "file:///mnt/backup/"}});
  EXPECT_EQ(resolved.resolver.repository(resolved.repository(0))->url, "/mnt/backup");
  const auto offsite = resolved.resolver.repository(resolved.repository(1));
  EXPECT_EQ(offsite->url, "/etc/shop/backups");
  EXPECT_EQ(offsite->upload_limit, 20'000'000U);
}

TEST(Resolver, TakesASecretFromAVariable) {
  Resolved resolved(Environment{{"PASSPHRASE", "correct horse"}});
  const auto key = resolved.resolver.key(resolved.repository(0), resolved.test.context);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->kind, KeyReference::Kind::passphrase);
  EXPECT_EQ(to_text(key->secret.view()), "correct horse");
}

TEST(Resolver, TakesASecretFromAFileWithoutItsLineEnd) {
  const auto scratch = std::move(*ScratchDirectory::make());
  ASSERT_TRUE(write_file(scratch.path() / "key", view_of("two words \r\n")));
  Resolved resolved(Environment{{"FILE", (scratch.path() / "key").string()}},
                    replaced(kWholeText, "\"${PASSPHRASE}\"", "\"file:${FILE}\""));
  EXPECT_TRUE(resolved.loaded.warnings.empty());
  const auto key = resolved.resolver.key(resolved.repository(0), resolved.test.context);
  ASSERT_TRUE(key) << key.error().describe();
  EXPECT_EQ(to_text(key->secret.view()), "two words ");
}

TEST(Resolver, TakesASecretFromACommandsOutputAlone) {
  Resolved resolved({}, replaced(kWholeText, "\"${PASSPHRASE}\"",
                                 "\"command:echo noise >&2; printf 'from a command\\\\n'\""));
  const auto key = resolved.resolver.key(resolved.repository(0), resolved.test.context);
  ASSERT_TRUE(key) << key.error().describe();
  EXPECT_EQ(to_text(key->secret.view()), "from a command");
}

TEST(Resolver, NeverShowsWhatAFailedSecretCommandPrinted) {
  Resolved resolved({}, replaced(kWholeText, "passphrase: \"${PASSPHRASE}\"",
                                 "command: \"echo hunter2; exit 3\""));
  const auto key = resolved.resolver.key(resolved.repository(0), resolved.test.context);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code(), Code::command_failed);
  EXPECT_THAT(key.error().describe(), HasSubstr("status 3"));
  EXPECT_THAT(key.error().describe(), Not(HasSubstr("hunter2")));
}

TEST(Resolver, TakesARecipientsKeyFromItsFile) {
  const auto scratch = std::move(*ScratchDirectory::make());
  ASSERT_TRUE(write_file(scratch.path() / "escrow", view_of("00ff\n")));
  Resolved resolved(
      Environment{{"FILE", (scratch.path() / "escrow").string()}},
      replaced(kWholeText, "passphrase: \"${PASSPHRASE}\"", "recipient: \"${FILE}\""));
  EXPECT_TRUE(resolved.loaded.warnings.empty());
  const auto key = resolved.resolver.key(resolved.repository(0), resolved.test.context);
  ASSERT_TRUE(key) << key.error().describe();
  EXPECT_EQ(key->kind, KeyReference::Kind::recipient);
  EXPECT_EQ(to_text(key->secret.view()), "00ff");
}

TEST(SecretReference, SaysWhereASecretIsFromAndNeverTheSecret) {
  const auto said = [](const std::string& written) {
    return SecretReference::parse(written, "place")->describe();
  };
  EXPECT_EQ(said("${NAME}"), "${NAME}");
  EXPECT_EQ(said("file:/run/key"), "the file /run/key");
  EXPECT_EQ(said("command:echo hunter2"), "a command");
  EXPECT_EQ(said("hunter2"), "the configuration itself");
  EXPECT_EQ(said("${NAME:-hunter2}"), "the configuration itself");
}

TEST(Resolver, RefusesAnEmptySecret) {
  Resolved resolved(Environment{{"PASSPHRASE", ""}});
  const auto key = resolved.resolver.key(resolved.repository(0), resolved.test.context);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().describe(), "repositories.local.key.passphrase: the secret is empty");
}

TEST(Resolver, FillsInHooks) {
  const Resolved resolved(Environment{{"GREETING", "hi"}});
  EXPECT_EQ(resolved.resolver.hooks(resolved.shop())->before_backup, "echo hi");
  EXPECT_EQ(resolved.resolver.hooks(resolved.shop())->after_backup, "");
}

}  // namespace
}  // namespace lifeboat::config
