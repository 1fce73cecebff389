#include <gmock/gmock.h>

#include "config/resolve.h"
#include "service/test_shop.h"

namespace lifeboat::service {
namespace {

using testing::HasSubstr;
using testing::Not;

// Two copies, and the configuration of both is in each.
class Recovery : public TestShop {
 protected:
  void SetUp() override {
    TestShop::SetUp();
    setup_.environment["ROOT"] = folder_.path().string();
  }
  void copied_to(const std::string& offsite_url) {
    const auto text =
        "version: 1\nservices:\n  shop:\n    sources:\n"
        "      uploads: {type: files, path: uploads}\n    repositories: [local, offsite]\n"
        "repositories:\n  local: {url: repository, key: {file: key}}\n"
        "  offsite: {url: \"" +
        offsite_url + "\", key: {passphrase: \"${OFFSITE}\"}}\n";
    setup_.environment["OFFSITE"] = "a passphrase of the copy";
    ASSERT_TRUE(write_file(at("lifeboat.yaml"), view_of(text)));
    ASSERT_TRUE(init_repositories(setup_, "", context()));
    backed_up();
    setup_.environment["LIFEBOAT_PASSPHRASE"] = setup_.environment["OFFSITE"];
  }
  Json recovered_from(const std::string& url) {
    RecoverRequest request;
    request.url = url;
    request.output = "recovered.yaml";
    fs::remove(at("recovered.yaml"));
    const auto answer = recover_configuration(setup_, request, context());
    EXPECT_TRUE(answer) << answer.error().describe();
    return answer ? answer->body : Json();
  }
  config::Loaded recovered() {
    return config::load_config(at("recovered.yaml"), setup_.environment).value();
  }
  std::string text() { return to_text(read_file(at("recovered.yaml")).value()); }
  void expect_offsite_written(const std::string& document, const std::string& given) {
    SCOPED_TRACE(document + " opened as " + given);
    EXPECT_EQ(recovered_from(given)["repository"], "offsite");
    const auto loaded = recovered();
    const auto* const offsite = loaded.config.find_repository("offsite").value();
    const auto place = config::Resolver(loaded.config, loaded.variables).repository(*offsite);
    EXPECT_EQ(fs::canonical(place->url), fs::canonical(at("offsite")));
    EXPECT_THAT(text(), HasSubstr("${LIFEBOAT_PASSPHRASE}"));
    EXPECT_EQ(loaded.config.find_repository("local").value()->url.text(), "repository");
    EXPECT_THAT(text(), HasSubstr("repository \"offsite\""));
  }
  void expect_none_written(const std::string& given, const std::string& offsite_url) {
    const auto body = recovered_from(given);
    EXPECT_TRUE(body["repository"].is_null());
    EXPECT_EQ(body["repositories"], Json::array({"local", "offsite"}));
    const auto loaded = recovered();
    EXPECT_EQ(loaded.config.find_repository("local").value()->url.text(), "repository");
    EXPECT_EQ(loaded.config.find_repository("offsite").value()->url.text(), offsite_url);
    EXPECT_THAT(text(), HasSubstr("so none was changed: local, offsite."));
    EXPECT_THAT(text(), HasSubstr("#   url: \"" + at(given) + "\""));
    EXPECT_THAT(text(), HasSubstr("#   key: {passphrase: \"${LIFEBOAT_PASSPHRASE}\"}"));
    EXPECT_THAT(text(), Not(HasSubstr("that it was opened with")));
  }
};

TEST_F(Recovery, WritesTheEntryAtThePlaceThatWasOpenedHoweverItIsSpelled) {
  copied_to("offsite");
  fs::create_directory_symlink(at("offsite"), at("link"));
  for (const auto& given : {std::string("offsite"), std::string("./offsite"),
                            std::string("offsite/"), std::string("uploads/../offsite"),
                            std::string("link"), at("offsite"), "file://" + at("offsite") + "/"})
    expect_offsite_written("offsite", given);
}

TEST_F(Recovery, FillsInTheVariablesOfAPlaceBeforeItIsCompared) {
  copied_to("file://${ROOT}/offsite/");
  expect_offsite_written("file://${ROOT}/offsite/", "./offsite");
}

TEST_F(Recovery, ChangesNothingWhenTheVariablesOfThePlaceAreNotSet) {
  copied_to("${ROOT}/offsite");
  setup_.environment.erase("ROOT");
  expect_none_written("offsite", "${ROOT}/offsite");
}

TEST_F(Recovery, ChangesNothingWhenACopyWasMovedAndSaysWhatToWrite) {
  copied_to("offsite");
  fs::rename(at("offsite"), at("moved"));
  expect_none_written("moved", "offsite");
}

TEST_F(Recovery, WritesTheOnlyRepositoryWhereverItWasMoved) {
  backed_up();
  fs::rename(at("repository"), at("moved"));
  RecoverRequest request;
  request.url = "moved";
  request.key_file = "key";
  request.output = "recovered.yaml";
  const auto answer = recover_configuration(setup_, request, context());
  ASSERT_TRUE(answer) << answer.error().describe();
  EXPECT_EQ(answer->body["repository"], "local");
  EXPECT_EQ(recovered().config.find_repository("local").value()->url.text(), at("moved"));
}

}  // namespace
}  // namespace lifeboat::service
