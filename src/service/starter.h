#pragma once
// The first configuration, written from what was found: commented, and working as it is. Pure.
#include <string>

#include "service/discovery.h"

namespace lifeboat::service {

struct StarterOptions {
  std::string service;     // its name
  std::string repository;  // where snapshots will be kept
};

// `sources` of the discovery must not be empty.
std::string starter_yaml(const Discovery& discovery, const StarterOptions& options);
// A name for the service, from the application's directory.
std::string service_name_for(const std::filesystem::path& directory);

}  // namespace lifeboat::service
