#include "service/circumstances.h"

#include "drill/drill.h"

namespace lifeboat::service {
namespace {

// No chunk of anybody's data begins so by accident, and no two names and values read alike.
Bytes fingerprinted(const std::string& name, const std::string& value) {
  ByteWriter writer;
  writer.sized(view_of("lifeboat fingerprint of a secret"));
  writer.sized(view_of(name));
  writer.sized(view_of(value));
  return std::move(writer).take();
}

}  // namespace

Result<std::map<std::string, std::string>> labels_of(const Circumstances& circumstances,
                                                     repository::Repository& repository) {
  std::map<std::string, std::string> labels;
  if (!circumstances.release.empty()) labels[drill::kReleaseLabel] = circumstances.release;
  for (const auto& [name, value] : circumstances.secrets) {
    auto text = fingerprinted(name, value);
    const auto id = repository.identify(text);
    wipe(text);
    labels[drill::kSecretLabel + name] = TRY(id).hex();
  }
  return labels;
}

}  // namespace lifeboat::service
