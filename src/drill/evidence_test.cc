#include "drill/evidence.h"

#include "drill/chain.h"
#include "drill/envelope.h"
#include "drill/test_shop.h"

namespace lifeboat::drill {
namespace {

crypto::SigningKey key_of(std::uint8_t byte) {
  return std::move(*crypto::SigningKey::from_seed(Secret(Bytes(32, byte))));
}

class EvidenceTest : public ShopFixture {
 protected:
  Json evidence(std::int64_t position = 1, const std::string& previous = "",
                const std::string& service = "shop") const {
    return {{"kind", "drill"},
            {"id", "drill-" + std::to_string(position)},
            {"service", service},
            {"started", "2025-11-21T09:45:00Z"},
            {"verdict", "failed"},
            {"repository", {{"id", repository_->id().hex()}}},
            {"chain", to_json(ChainPlace{position, previous})}};
  }
  Json sealed(const Json& of) const {
    auto signed_one = sign_evidence(of, *repository_);
    EXPECT_TRUE(signed_one) << (signed_one ? "" : signed_one.error().describe());
    return *signed_one;
  }
  SignedRecord record(const Json& of) const { return *verify_evidence(sealed(of), std::nullopt); }
  std::vector<SignedRecord> records(int count) const {
    std::vector<SignedRecord> chain;
    for (int i = 1; i <= count; ++i)
      chain.push_back(record(evidence(i, chain.empty() ? "" : chain.back().digest)));
    return chain;
  }
  static std::optional<Defect> defect_of(const Json& value) {
    const auto verified = verify_evidence(value, std::nullopt);
    return verified ? std::nullopt : std::optional(verified.error().defect);
  }
  static std::optional<Defect> defect_of(const std::vector<SignedRecord>& chain) {
    const auto verified = verify_chain(chain);
    return verified ? std::nullopt : std::optional(verified.error().defect);
  }
  crypto::VerifyKey root() const { return *crypto::VerifyKey::from(repository_->root_public()); }
};

TEST(Envelope, SignsTheFormThatDsseGives) {
  EXPECT_EQ(to_text(signed_form(view_of("hello world"))),
            "DSSEv1 28 application/vnd.in-toto+json 11 hello world");
}

TEST_F(EvidenceTest, IsAnInTotoStatementAboutTheSnapshot) {
  auto of = evidence();
  of["snapshot"] = {{"id", std::string(64, 'a')}};
  const auto statement = *parse_json(to_text(read_envelope(sealed(of))->payload));
  EXPECT_EQ(statement["_type"], "https://in-toto.io/Statement/v1");
  EXPECT_EQ(statement["predicateType"], "urn:x-lifeboat:drill:1");
  EXPECT_EQ(statement["subject"][0]["digest"]["sha256"], std::string(64, 'a'));
  EXPECT_EQ(statement["predicate"]["verdict"], "failed");
}

TEST_F(EvidenceTest, IsBelievedUnderTheRootTheSignerOrNoKnownKey) {
  const auto value = sealed(evidence());
  const auto verified = verify_evidence(value, root());
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->root_public, root().hex());
  EXPECT_EQ(verified->digest, digest_of(*read_envelope(value)).hex());
  EXPECT_TRUE(verify_evidence(value, *crypto::VerifyKey::from_hex(verified->signer_key)));
  EXPECT_TRUE(verify_evidence(value, std::nullopt));
}

TEST_F(EvidenceTest, OfAnotherKeyIsToldFromEdited) {
  const auto value = sealed(evidence());
  const auto other = verify_evidence(value, key_of(9).verify_key());
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().defect, Defect::other_key);
}

TEST_F(EvidenceTest, OneChangedWordIsFound) {
  auto value = sealed(evidence());
  auto text = to_text(*from_base64(value["payload"].get<std::string>()));
  text.replace(text.find("failed"), 6, "proven");
  value["payload"] = to_base64(view_of(text));
  EXPECT_EQ(defect_of(value), Defect::edited);
}

TEST_F(EvidenceTest, EveryFlippedByteOfThePayloadIsFound) {
  const auto good = sealed(evidence());
  const auto payload = *from_base64(good["payload"].get<std::string>());
  for (std::size_t i = 0; i < payload.size(); i += 7) {
    auto flipped = payload;
    flipped[i] ^= 1U;
    auto value = good;
    value["payload"] = to_base64(flipped);
    EXPECT_TRUE(defect_of(value).has_value()) << i;
  }
}

TEST_F(EvidenceTest, WhatIsCutOrIsNoRecordIsUnreadable) {
  const auto good = sealed(evidence());
  for (const auto* key : {"payload", "payloadType", "signatures"}) {
    auto value = good;
    value.erase(key);
    EXPECT_EQ(defect_of(value), Defect::unreadable) << key;
  }
  auto unsigned_one = good;
  unsigned_one["signatures"] = Json::array();
  EXPECT_EQ(defect_of(unsigned_one), Defect::unreadable);
  for (const auto& other : {Json(nullptr), Json(3), Json::array(), Json::object()})
    EXPECT_EQ(defect_of(other), Defect::unreadable);
}

TEST_F(EvidenceTest, AStrangersKeyWithTheRepositorysCertificateIsNotCertified) {
  const auto good = sealed(evidence());
  auto statement = *parse_json(to_text(read_envelope(good)->payload));
  const auto stranger = key_of(7);
  statement["predicate"]["signer"]["public_key"] = stranger.verify_key().hex();
  statement["predicate"]["verdict"] = "proven";
  const auto payload = to_bytes(canonical_json(statement));
  const auto forged =
      make_envelope(payload, stranger.verify_key(), stranger.sign(signed_form(payload)));
  EXPECT_EQ(defect_of(forged), Defect::not_certified);
}

TEST_F(EvidenceTest, ASecondSignatureOfAnotherKindDoesNoHarm) {
  auto value = sealed(evidence());
  value["signatures"].insert(value["signatures"].begin(), Json{{"keyid", ""}, {"sig", "AAAA"}});
  EXPECT_EQ(defect_of(value), std::nullopt);
}

TEST_F(EvidenceTest, RecordsInTheirOrderAreAChain) {
  EXPECT_EQ(defect_of(records(4)), std::nullopt);
  auto later = records(4);
  later.erase(later.begin());
  EXPECT_EQ(defect_of(later), std::nullopt);
  EXPECT_EQ(place_after(later).position, 5);
  EXPECT_EQ(place_after(later).previous, later.back().digest);
  EXPECT_EQ(place_after({}).position, 1);
}

TEST_F(EvidenceTest, AMissingRecordIsAGap) {
  auto chain = records(4);
  chain.erase(chain.begin() + 1);
  EXPECT_EQ(defect_of(chain), Defect::gap);
}

TEST_F(EvidenceTest, RecordsInAnotherOrderAreReordered) {
  auto chain = records(4);
  std::swap(chain[1], chain[2]);
  EXPECT_EQ(defect_of(chain), Defect::reordered);
}

TEST_F(EvidenceTest, ARecordThatFollowsAnotherIsReplaced) {
  auto chain = records(3);
  chain[1] = record(evidence(2, std::string(64, 'b')));
  EXPECT_EQ(defect_of(chain), Defect::replaced);
  chain = records(3);
  chain[2] = record(evidence(2, chain[0].digest));
  EXPECT_EQ(defect_of(chain), Defect::replaced);
}

TEST_F(EvidenceTest, ARecordOfAnotherServiceIsNotInTheChain) {
  auto chain = records(3);
  chain[2] = record(evidence(3, chain[1].digest, "blog"));
  EXPECT_EQ(defect_of(chain), Defect::other_service);
}

}  // namespace
}  // namespace lifeboat::drill
