#pragma once
// What an error tells of an object, apart from the way to it. Pure functions.
#include "base/error.h"

namespace lifeboat::repository {

// It is not as it was written. One of a newer format may be, so nobody removes or ends that.
inline bool is_broken(const Error& error) {
  return error.code() == Code::corrupt || error.code() == Code::wrong_key;
}

// This program cannot read it, and no second try helps.
inline bool is_damage(const Error& error) {
  return is_broken(error) || error.code() == Code::unsupported_format;
}

inline bool is_damage_or_absence(const Error& error) {
  return is_damage(error) || error.code() == Code::not_found;
}

}  // namespace lifeboat::repository
