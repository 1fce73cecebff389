#include "engine/mongodb/document_writes.h"

#include "engine/mongodb/test_database.h"

namespace lifeboat::engine::mongodb {
namespace {

using testing::document;
using DocumentWritesTest = testing::ShopTest;

TEST_F(DocumentWritesTest, HoldsFewDocumentsAtOnceWhateverTheirSize) {
  constexpr std::int32_t kDocuments = 40;
  const std::string large(1U << 20U, 'x');
  for (std::int32_t i = 0; i < kDocuments; ++i) live().insert("items", {document(i, large)});
  const auto location = locate(server_.uri("shop"));
  LIFEBOAT_OK(location);
  DocumentWrites writes(*location);
  const Namespace items{"shop", "items"};
  for (std::int32_t i = 0; i < kDocuments; ++i) {
    const auto filter = DocumentBuilder().int32("_id", i).take();
    const auto added = i % 2 == 0 ? writes.add(Delete{items, filter})
                                  : writes.add(Replace{items, filter, document(i), false});
    LIFEBOAT_OK(added);
  }
  const auto missing = DocumentBuilder().int32("_id", kDocuments).take();
  LIFEBOAT_OK(writes.add(Replace{items, missing, document(kDocuments), true}));
  LIFEBOAT_OK(writes.flush());
  const auto& change = writes.changes().at("items");
  EXPECT_EQ(change.gone.count, 40U);
  EXPECT_EQ(change.come.count, 21U);
  const auto captured = capture();
  LIFEBOAT_OK(captured);
  EXPECT_EQ(captured->outcome.facts["collections"]["items"]["documents"], 21);
  EXPECT_EQ(captured->outcome.facts["collections"]["items"]["bytes"], change.come.bytes);
  EXPECT_EQ(captured->outcome.facts["collections"]["items"]["digest"], change.come.digest.hex());
}

}  // namespace
}  // namespace lifeboat::engine::mongodb
