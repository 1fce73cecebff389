// Names of objects and URLs of places.
#include "base/test_context.h"
#include "fuzz/fuzz.h"
#include "storage/open.h"

namespace lifeboat::storage {
namespace {

void key(const std::string& text) {
  if (!check_key(text)) return;
  fuzz::promise(check_prefix(text).has_value(), "a key is a prefix of itself");
  fuzz::promise(text.front() != '/' && text.back() != '/', "no key begins or ends with a slash");
  fuzz::promise(("/" + text + "/").find("/../") == std::string::npos, "no key climbs out");
}

// Under a place that is not there, so that nothing of this machine is opened.
void place(const std::string& text) {
  TestContext test;
  for (const auto* before : {"memory:", "file:///no-such-place/", "file:"}) {
    if (std::string_view(before) == "file:" && text.starts_with("///")) continue;
    const Options options{.url = before + text};
    const auto opened = open_backend(options, OpenMode::existing, test.clock, test.random);
    fuzz::promise(!opened, "what is not there does not open");
  }
}

}  // namespace
}  // namespace lifeboat::storage

LIFEBOAT_FUZZ(input) {
  const std::string text(input.text());
  lifeboat::storage::key(text);
  lifeboat::storage::place(text);
}
