#pragma once
// The composition root: the configuration as it is now and the Service made of it. Pinned, because
// the Service refers to the configuration.
#include "service/service.h"
#include "service/setup.h"

namespace lifeboat::service {

struct Composition {
  Composition(config::Loaded read, Settings settings);
  Composition(const Composition&) = delete;
  Composition& operator=(const Composition&) = delete;

  const config::Loaded loaded;
  Service service;
};

Result<std::unique_ptr<Composition>> compose(const Setup& setup);
Settings settings_of(const Setup& setup);

// The snapshot that a choice means, in the first repository that answers.
struct Chosen {
  std::string service;
  Service::Answering from;
  repository::SnapshotInfo info;
};
Result<Chosen> choose(Composition& composition, const struct SnapshotChoice& choice,
                      const RunContext& context);

// The moment is of the time zone `tz` when it has no offset.
Result<restore::Selector> selector_of(const struct SnapshotChoice& choice, const std::string& tz);

}  // namespace lifeboat::service
