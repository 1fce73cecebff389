#pragma once
// What every engine must do: capture, carry the entries, rebuild, and find equal facts. An engine's
// test defines a Subject (below) and writes INSTANTIATE_TYPED_TEST_SUITE_P(Name, EngineContract,
// Subject).
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/test_context.h"
#include "contract/carry.h"
#include "engine/engine.h"

namespace lifeboat::engine::contract {

// A Subject is default-constructible and has:
//   const Engine& engine();
// a small source with content, made below the folder:
//   SourceOptions make_source(const fs::path& folder);
// the same options for a source that is not there:
//   SourceOptions absent(SourceOptions options);
// a place below the folder that is not there yet:
//   TargetOptions target(const fs::path& folder);
// a small change that facts must show:
//   void change(const std::string& place);

template <class Subject>
class EngineContract : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_.path() / "live");
    options_ = subject_.make_source(folder_.path() / "live");
    target_ = subject_.target(folder_.path());
  }
  const Engine& engine() { return subject_.engine(); }
  Result<Capture> capture_now() { return capture(engine(), options_, context()); }
  Result<std::size_t> rebuild_now(const Capture& of) {
    return rebuild(engine(), of, target_, context());
  }
  Result<Json> rebuilt_facts() { return facts_of(engine(), target_.place, context()); }
  const RunContext& context() { return test_.context; }

  TestContext test_;
  ScratchDirectory folder_ = ScratchDirectory::make().value();
  Subject subject_;
  SourceOptions options_;
  TargetOptions target_;
};
TYPED_TEST_SUITE_P(EngineContract);

TYPED_TEST_P(EngineContract, RebuildsWhatItCapturedWithEqualFacts) {
  const auto captured = this->capture_now();
  LIFEBOAT_OK(captured);
  EXPECT_TRUE(captured->outcome.position.contains("time"));
  LIFEBOAT_OK(this->rebuild_now(*captured));
  const auto facts = this->rebuilt_facts();
  LIFEBOAT_OK(facts);
  EXPECT_EQ(pretty_json(*facts), pretty_json(captured->outcome.facts));
}

TYPED_TEST_P(EngineContract, FactsShowAChangeOfTheRebuilt) {
  const auto captured = this->capture_now();
  LIFEBOAT_OK(captured);
  LIFEBOAT_OK(this->rebuild_now(*captured));
  this->subject_.change(this->target_.place);
  const auto facts = this->rebuilt_facts();
  LIFEBOAT_OK(facts);
  EXPECT_NE(*facts, captured->outcome.facts);
}

TYPED_TEST_P(EngineContract, AnUnchangedSourceHasEqualFactsTwice) {
  const auto first = this->capture_now();
  const auto second = this->capture_now();
  LIFEBOAT_OK(first);
  LIFEBOAT_OK(second);
  EXPECT_EQ(first->outcome.facts, second->outcome.facts);
}

TYPED_TEST_P(EngineContract, RefusesAnExistingTargetUntilItMayBeOverwritten) {
  const auto captured = this->capture_now();
  LIFEBOAT_OK(captured);
  LIFEBOAT_OK(this->rebuild_now(*captured));
  this->subject_.change(this->target_.place);
  EXPECT_EQ(this->rebuild_now(*captured).error().code(), Code::refused);
  this->target_.overwrite = true;
  LIFEBOAT_OK(this->rebuild_now(*captured));
  EXPECT_EQ(*this->rebuilt_facts(), captured->outcome.facts);
}

TYPED_TEST_P(EngineContract, WritesNothingWhereNothingDiffers) {
  const auto captured = this->capture_now();
  LIFEBOAT_OK(captured);
  LIFEBOAT_OK(this->rebuild_now(*captured));
  this->target_.overwrite = true;
  const auto written = this->rebuild_now(*captured);
  LIFEBOAT_OK(written);
  // A server is filled anew.
  if (!this->engine().traits().is_server) {
    EXPECT_EQ(*written, 0U);
  }
  EXPECT_EQ(*this->rebuilt_facts(), captured->outcome.facts);
}

TYPED_TEST_P(EngineContract, StopsWhenAsked) {
  this->test_.stop.request_stop();
  EXPECT_EQ(this->capture_now().error().code(), Code::interrupted);
}

TYPED_TEST_P(EngineContract, IdentifiesTheLiveSourceAndNothingThatIsNotThere) {
  const auto live = this->engine().identify(this->options_);
  LIFEBOAT_OK(live);
  EXPECT_FALSE(live->paths.empty() && live->names.empty());
  EXPECT_FALSE(live->inodes.empty() && live->names.empty());
  const auto absent = this->engine().identify(this->subject_.absent(this->options_));
  LIFEBOAT_OK(absent);
  EXPECT_TRUE(absent->inodes.empty());
  for (const auto& name : absent->names)
    EXPECT_EQ(std::ranges::find(live->names, name), live->names.end()) << name;
}

TYPED_TEST_P(EngineContract, DescribesEntriesAndOnlyWholeMetadata) {
  const auto captured = this->capture_now();
  LIFEBOAT_OK(captured);
  for (auto [info, content] : captured->entries) {
    EXPECT_FALSE(this->engine().describe(info)->empty());
    for (info.metadata.push_back(0); !info.metadata.empty(); info.metadata.pop_back()) {
      const auto line = this->engine().describe(info);
      EXPECT_TRUE(line || !line.error().message().empty());
    }
  }
}

REGISTER_TYPED_TEST_SUITE_P(EngineContract, RebuildsWhatItCapturedWithEqualFacts,
                            FactsShowAChangeOfTheRebuilt, AnUnchangedSourceHasEqualFactsTwice,
                            RefusesAnExistingTargetUntilItMayBeOverwritten,
                            WritesNothingWhereNothingDiffers, StopsWhenAsked,
                            IdentifiesTheLiveSourceAndNothingThatIsNotThere,
                            DescribesEntriesAndOnlyWholeMetadata);

}  // namespace lifeboat::engine::contract
