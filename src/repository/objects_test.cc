// Every small object of the repository: what it holds comes back, and any damage, another name or
// another signer is found.
#include <gtest/gtest.h>

#include "base/test_context.h"
#include "crypto/hash.h"
#include "repository/session_object.h"
#include "repository/snapshot_object.h"
#include "repository/statement.h"
#include "repository/test_damage.h"
#include "repository/test_keys.h"

namespace lifeboat::repository {
namespace {

SnapshotHead sample_head(const SessionRef& ref) {
  SnapshotHead head;
  auto& info = head.info;
  info.writer = ref.writer;
  info.seq = ref.seq;
  info.service = "shop";
  info.host = "web-1";
  info.time = Time(std::chrono::microseconds(1'700'000'000'123'456));
  info.started = info.time;
  info.complete = false;
  info.bytes = 12;
  info.entries = 3;
  info.stored = 7;
  info.version = "0.1.0";
  info.sources = {{"db", "sqlite"}, {"uploads", "files"}};
  info.labels = {{"a", "b"}};
  head.seen[ref.writer] = {ref.seq, {1, ref.seq}};
  Salt salt;
  salt.bytes.fill(3);
  head.used.add(salt, 100);
  head.used.add(salt, 111);
  return head;
}

SnapshotBody sample_body() {
  SnapshotBody body;
  body.config = {{"service", "shop"}};
  SourceManifest source;
  source.name = "db";
  source.type = "sqlite";
  source.facts = {{"tables", 4}};
  source.position = {{"time", "2026-01-01T00:00:00Z"}};
  source.findings = {{"file-vanished", "a", "gone", false}};
  source.entry_count = 1;
  source.entry_chunks = {{ChunkId{}, 99}};
  body.sources.push_back(source);
  return body;
}

class Objects : public ::testing::Test {
 protected:
  Bytes session(const RoleKeys& signer, const SessionRef& at) {
    const NewSession fresh{
        at, Time(std::chrono::hours(1)), std::chrono::hours(24), {"web-1", "shop", "0.1.0"}};
    return make_session(signer, fresh, key, random).value();
  }
  Bytes snapshot(const RoleKeys& signer, const SessionRef& at) {
    const auto head = sample_head(at);
    const auto body = sample_body();
    return make_snapshot(signer, {at, key.view(), &head, &body}, random).value();
  }
  Code end_code(const SessionRef& at, ByteView object) {
    const auto end = read_session_end(reader, at, object);
    return end ? Code::internal : end.error().code();
  }
  SeededRandom random{1};
  RoleKeys writer = test_keys(Role::writer, "web");
  RoleKeys other = test_keys(Role::writer, "other");
  RoleKeys reader = test_keys(Role::reader, "desk");
  RoleKeys collector = test_keys(Role::collector, "broom");
  RoleKeys stranger = test_keys(Role::writer, "web", 8);
  SessionRef ref{writer.writer, 7};
  Secret key{Bytes(32, 5)};
};

TEST_F(Objects, SessionGivesItsKeyToReadersOnly) {
  const auto object = session(writer, ref);
  const auto parsed = parse_session(reader, ref, object).value();
  EXPECT_EQ(parsed.about.service, "shop");
  EXPECT_EQ(parsed.patience, std::chrono::hours(24));
  EXPECT_TRUE(std::ranges::equal(open_session_key(reader, parsed).value().view(), key.view()));
  EXPECT_EQ(open_session_key(writer, parsed).error().code(), Code::wrong_key);
}

TEST_F(Objects, SessionDamagedInAnyByteIsFound) {
  expect_damage_is_found(session(writer, ref),
                         [&](ByteView object) { return parse_session(reader, ref, object); });
}

TEST_F(Objects, SessionUnderAnotherNameOrOfAnotherSignerIsFound) {
  const auto object = session(writer, ref);
  EXPECT_FALSE(parse_session(reader, {ref.writer, 8}, object));
  EXPECT_FALSE(parse_session(reader, {other.writer, 7}, object));
  EXPECT_FALSE(parse_session(reader, ref, session(other, ref)));
  EXPECT_FALSE(parse_session(reader, ref, session(stranger, ref)));
  EXPECT_FALSE(parse_session(reader, {reader.writer, 7}, session(reader, {reader.writer, 7})));
}

TEST_F(Objects, SnapshotComesBack) {
  const auto object = snapshot(writer, ref);
  const auto end = read_session_end(reader, ref, object).value();
  const auto expected = sample_head(ref);
  EXPECT_EQ(encode_head(*end.head), encode_head(expected));
  EXPECT_EQ(end.head->info.id.hex(), crypto::sha256(object).hex());
  const auto body = read_snapshot_body(reader, ref, object, key.view()).value();
  EXPECT_EQ(encode_body(body), encode_body(sample_body()));
}

TEST_F(Objects, SnapshotDamagedInAnyByteIsFound) {
  expect_damage_is_found(snapshot(writer, ref),
                         [&](ByteView object) { return read_session_end(reader, ref, object); });
}

TEST_F(Objects, SnapshotBodyNeedsItsSessionKey) {
  const auto body = read_snapshot_body(reader, ref, snapshot(writer, ref), Bytes(32, 6));
  EXPECT_EQ(body.error().code(), Code::wrong_key);
}

TEST_F(Objects, SnapshotUnderAnotherNameOrOfAnotherSignerIsFound) {
  const auto object = snapshot(writer, ref);
  EXPECT_EQ(end_code({ref.writer, 8}, object), Code::corrupt);
  EXPECT_EQ(end_code({other.writer, 7}, object), Code::corrupt);
  EXPECT_EQ(end_code(ref, snapshot(other, ref)), Code::corrupt);
  EXPECT_EQ(end_code(ref, snapshot(stranger, ref)), Code::corrupt);
  const SessionRef by_reader{reader.writer, 7};
  EXPECT_EQ(end_code(by_reader, snapshot(reader, by_reader)), Code::corrupt);
}

TEST_F(Objects, VoidIsBelievedOfItsWriterAndOfCollectors) {
  EXPECT_FALSE(read_session_end(reader, ref, make_void(writer, ref, "why").value())->head);
  EXPECT_EQ(read_session_end(reader, ref, make_void(collector, ref, "why").value())->void_reason,
            "why");
  EXPECT_EQ(end_code(ref, make_void(other, ref, "why").value()), Code::corrupt);
  EXPECT_EQ(end_code(ref, make_void(reader, ref, "why").value()), Code::corrupt);
  expect_damage_is_found(make_void(writer, ref, "why").value(),
                         [&](ByteView object) { return read_session_end(reader, ref, object); });
}

TEST_F(Objects, OfOneKindAreNotTakenForAnother) {
  EXPECT_EQ(end_code(ref, session(writer, ref)), Code::corrupt);
  EXPECT_FALSE(parse_session(reader, ref, snapshot(writer, ref)));
  EXPECT_FALSE(read_statement(reader, "statements/note/", snapshot(writer, ref)));
}

TEST_F(Objects, OfANewerFormatSaySo) {
  auto object = snapshot(writer, ref);
  object[5] = 2;
  EXPECT_EQ(end_code(ref, object), Code::unsupported_format);
}

class Statements : public Objects {
 protected:
  Json body(const std::string& kind) {
    return {{"kind", kind},
            {"time", "2026-01-01T00:00:00Z"},
            {"snapshot", SnapshotId{}.hex()},
            {"writer", WriterId{}.hex()},
            {"seq", 3},
            {"reason", "old"},
            {"service", "shop"},
            {"verdict", "proven"},
            {"evidence", Json::object()},
            {"text", "a note"},
            {"first", "2025-01-01T00:00:00Z"},
            {"packs", Json::array()},
            {"indexes", {PackName{}.hex()}},
            {"level", 2},
            {"record", PackName{}.hex()},
            {"envelope", Json::object()},
            {"check", "counts.db"},
            {"who", "Ada"},
            {"until", "2026-02-01T00:00:00Z"},
            {"finding", "size-halved"}};
  }
  static std::string folder(const std::string& kind) { return "statements/" + kind + "/"; }
  bool may_write(const RoleKeys& keys, const std::string& kind) {
    const auto made = make_statement(keys, body(kind), random);
    EXPECT_TRUE(made || made.error().code() == Code::wrong_key);
    return made.has_value();
  }
};

TEST_F(Statements, ComeBackWithTheirSigner) {
  const auto object = make_statement(reader, body("proven"), random).value();
  const auto said = read_statement(writer, folder("proven"), object).value();
  EXPECT_EQ(said.body, body("proven"));
  EXPECT_EQ(said.signer_role, Role::reader);
  EXPECT_EQ(said.signer_name, "desk");
  EXPECT_EQ(to_rfc3339(said.time), "2026-01-01T00:00:00Z");
}

TEST_F(Statements, DamagedInAnyByteAreFound) {
  const auto object = make_statement(writer, body("note"), random).value();
  expect_damage_is_found(
      object, [&](ByteView each) { return read_statement(reader, folder("note"), each); });
  EXPECT_FALSE(read_statement(reader, folder("hold"), object));
}

TEST_F(Statements, AreSaidByTheRolesOfTheirKindOnly) {
  const auto admin = test_keys(Role::admin, "root");
  const std::map<std::string, std::string> who = {
      {"forgotten", "ac"}, {"verified", "ar"},  {"proven", "ar"},    {"restored", "ar"},
      {"hold", "acw"},     {"released", "acw"}, {"note", "acrw"},    {"stored", "acrw"},
      {"waived", "ar"},    {"resolved", "ar"},  {"signed-off", "ar"}};
  for (const auto& [kind, roles] : who) {
    EXPECT_EQ(may_write(admin, kind), roles.find('a') != roles.npos) << kind;
    EXPECT_EQ(may_write(collector, kind), roles.find('c') != roles.npos) << kind;
    EXPECT_EQ(may_write(reader, kind), roles.find('r') != roles.npos) << kind;
    EXPECT_EQ(may_write(writer, kind), roles.find('w') != roles.npos) << kind;
  }
}

TEST_F(Statements, ForgedByARoleThatMayNotAreCorrupt) {
  // A writer that ignores the rules: it holds K_index and a signing key, and so can make the bytes.
  const auto name = folder("forgotten");
  auto object = make_prefix(ObjectType::statement);
  const PartSpec spec{PartType::statement, writer.repository, name, object};
  ByteWriter sealed;
  sealed.sized(
      seal_part(spec, writer.index.view(), view_of(canonical_json(body("forgotten"))), random)
          .value());
  append(object, sealed.bytes());
  ASSERT_TRUE(append_signature(writer, name, object));
  EXPECT_EQ(read_statement(reader, name, object).error().code(), Code::corrupt);
}

TEST_F(Statements, WithoutWhatTheirKindNeedsAreRefused) {
  const std::pair<const char*, const char*> needs[] = {
      {"forgotten", "snapshot"}, {"note", "snapshot"},     {"hold", "snapshot"},
      {"stored", "snapshot"},    {"restored", "snapshot"}, {"proven", "verdict"},
      {"waived", "until"},       {"resolved", "reason"},   {"signed-off", "record"}};
  for (const auto& [kind, member] : needs) {
    auto without = body(kind);
    without.erase(member);
    EXPECT_EQ(make_statement(test_keys(Role::admin, "root"), without, random).error().code(),
              Code::usage)
        << kind;
  }
  EXPECT_FALSE(make_statement(writer, body("gossip"), random));
}

TEST_F(Statements, OfADrillThatFoundNoSnapshotNameNone) {
  auto without = body("proven");
  without.erase("snapshot");
  const auto object = make_statement(reader, without, random).value();
  const auto said = read_statement(reader, folder("proven"), object);
  ASSERT_TRUE(said);
  EXPECT_TRUE(gather_sayings({*said})->words.empty());
  EXPECT_FALSE(may_write(writer, "proven"));
}

TEST_F(Statements, TogetherTellWhatHoldsNow) {
  const auto say = [&](const std::string& kind, const std::string& time, Json more) {
    auto text = body(kind);
    text["time"] = time;
    if (!more.is_null()) text.update(more);
    Statement said;
    said.kind = kind;
    said.time = parse_rfc3339(time).value();
    said.body = text;
    return said;
  };
  const auto sayings = gather_sayings({
      say("hold", "2026-01-01T00:00:00Z", {}),
      say("released", "2026-01-02T00:00:00Z", {}),
      say("hold", "2026-01-03T00:00:00Z", {}),
      say("proven", "2026-01-04T00:00:00Z", {}),
      say("proven", "2026-01-05T00:00:00Z", {{"verdict", "unverified"}}),
      say("stored", "2026-01-06T00:00:00Z", {}),
      say("note", "2026-01-06T00:00:00Z", {}),
  });
  const auto& words = sayings->words.at(SnapshotId{});
  EXPECT_TRUE(words.held);
  EXPECT_EQ(to_rfc3339(*words.proven_at), "2026-01-04T00:00:00Z");
  EXPECT_EQ(words.proven_verdict, "unverified");
  EXPECT_EQ(to_rfc3339(*words.first), "2025-01-01T00:00:00Z");
  EXPECT_EQ(words.notes, std::vector<std::string>{"a note"});
  EXPECT_TRUE(sayings->forgotten.empty());
}

// Since when it counts as proven, when drills of the days from the first said so.
std::optional<Time> proof_after(const std::vector<std::string>& verdicts) {
  std::vector<Statement> statements;
  for (const auto& verdict : verdicts) {
    Statement said;
    said.kind = "proven";
    said.time = Time(std::chrono::days(statements.size()));
    said.body = {{"snapshot", SnapshotId{}.hex()}, {"verdict", verdict}};
    statements.push_back(said);
  }
  return gather_sayings(statements)->words.at(SnapshotId{}).proven_at;
}

TEST(Proof, StandsUntilALaterDrillFails) {
  EXPECT_EQ(proof_after({"proven", "unverified"}), Time(std::chrono::days(0)));
  EXPECT_EQ(proof_after({"proven", "failed"}), std::nullopt);
  EXPECT_EQ(proof_after({"proven", "failed", "unverified"}), std::nullopt);
  EXPECT_EQ(proof_after({"failed", "proven"}), Time(std::chrono::days(1)));
}

// A check of the contents, at `second` of the day, or one that found the pack damaged.
Statement verified_at(int second, Json more) {
  Statement said;
  said.kind = "verified";
  said.time = Time(std::chrono::seconds(second));
  said.body = {{"packs", Json::array()}, {"indexes", Json::array()}, {"level", 2}};
  said.body.update(more);
  return said;
}

TEST(DamagedPacks, AreLiftedOnlyByACheckThatBeganLater) {
  const auto one = Json::array({PackName{}.hex()});
  const auto is_damaged_after = [&](Json check) {
    check["packs"] = one;
    return damaged_packs({verified_at(5, {{"damaged", one}}), verified_at(9, check)})
        .contains(PackName{});
  };
  EXPECT_TRUE(is_damaged_after(Json::object()));
  EXPECT_TRUE(is_damaged_after({{"since", "1970-01-01T00:00:04Z"}}));
  EXPECT_TRUE(is_damaged_after({{"since", "1970-01-01T00:00:05Z"}}));
  EXPECT_FALSE(is_damaged_after({{"since", "1970-01-01T00:00:06Z"}}));
  EXPECT_TRUE(is_damaged_after({{"since", "1970-01-01T00:00:06Z"}, {"level", 1}}));
}

TEST_F(Statements, OfACheckThatBeganAtNoTimeAreRefused) {
  auto said = body("verified");
  said["since"] = "2026-01-01T00:00:00Z";
  EXPECT_TRUE(make_statement(reader, said, random));
  said["since"] = "yesterday";
  EXPECT_EQ(make_statement(reader, said, random).error().code(), Code::usage);
}

TEST(SegmentSet, ComesBackAndTellsWhatItHolds) {
  SegmentSet set;
  SeededRandom random(3);
  const Salt one{random.array<32>()};
  const Salt other{random.array<32>()};
  for (const std::uint32_t number : {9U, 17U, 500U}) set.add(one, number);
  set.add(other, 0);
  const auto bytes = set.encode();
  ByteReader reader(bytes);
  const auto back = SegmentSet::parse(reader).value();
  EXPECT_EQ(back, set);
  EXPECT_EQ(back.size(), 4U);
  EXPECT_TRUE(back.contains(one, 17));
  EXPECT_FALSE(back.contains(one, 18));
  EXPECT_FALSE(back.contains(other, 9));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader cut(ByteView(bytes).first(size));
    EXPECT_FALSE(SegmentSet::parse(cut)) << size;
  }
}

TEST(SegmentSet, WithNumbersThatNoPackCanHoldIsCorrupt) {
  ByteWriter writer;
  writer.u32(1).raw(Salt{}.view()).u32(0xFFFF'FFF0U).sized(Bytes(1, 1));
  ByteReader reader(writer.bytes());
  EXPECT_EQ(SegmentSet::parse(reader).error().code(), Code::corrupt);
  writer.clear();
  writer.u32(0xFFFF'FFFFU);
  ByteReader many(writer.bytes());
  EXPECT_EQ(SegmentSet::parse(many).error().code(), Code::corrupt);
}

TEST(Seen, MergesToWhatEitherSawExistOrEnd) {
  const WriterId writer{};
  const Seen one{{writer, {5, {2, 5}}}};
  const Seen other{{writer, {7, {2, 6, 7}}}};
  const auto merged = merge(one, other);
  EXPECT_EQ(merged.at(writer), (SeenWriter{7, {2, 6, 7}}));
  EXPECT_EQ(merge(other, one), merged);
  const Seen later{{writer, {7, {}}}};
  EXPECT_TRUE(merge(merged, later).at(writer).ended(2));
}

TEST(Seen, FromOutsideIsChecked) {
  for (const auto* text :
       {R"([])", R"({"zz":{"max":1,"open":[]}})", R"({"0000000000000000":{"max":1,"open":[2]}})",
        R"({"0000000000000000":{"max":5,"open":[3,3]}})",
        R"({"0000000000000000":{"max":5,"open":[-1]}})"})
    EXPECT_FALSE(seen_from(parse_json(text).value())) << text;
}

}  // namespace
}  // namespace lifeboat::repository
