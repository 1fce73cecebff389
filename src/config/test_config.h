#pragma once
// Configurations for tests: a whole one, and one line of it changed. Values only.
#include <gtest/gtest.h>

#include <string>

#include "config/config.h"

namespace lifeboat::config {

inline const std::string kWholeText = R"(version: 1
services:
  shop:
    owner: ops@shop.example
    tz: Europe/Berlin
    objectives: {rpo: 24h, rto: 15m}
    sources:
      db: {type: sqlite, path: "${DATABASE}"}
      uploads:
        type: files
        path: uploads
        exclude: ["*.tmp"]
        one_file_system: true
        limits: {read: 50MB/s, workers: 2}
    repositories: [local, offsite]
    hooks: {before_backup: "echo ${GREETING:-hello}", timeout: 1m}
    retention: {keep_last: 7, keep_within: 30d}
    drills:
      nightly:
        tier: full
        from: offsite
        checks:
          - blobs: {rows: db.images, key: key, size: size, sha256: sha256, in: uploads}
          - query: {name: users, source: db, sql: "SELECT count(*) FROM users", expect: ">= 5"}
          - freshness: {source: db, table: orders, field: createdAt, within: 24h}
          - migrations: {source: db, folder: "${APP:-app}/migrations"}
repositories:
  local: {url: "${REPOSITORY:-/var/backups/shop}", key: {passphrase: "${PASSPHRASE}"}, medium: disk}
  offsite: {url: backups, key: {file: /etc/lifeboat/key}, limits: {upload: 20MB/s}}
)";

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

inline Result<Loaded> parse_text(const std::string& text,
                                 std::map<std::string, std::string> environment = {}) {
  return parse_config(text, "/etc/shop/lifeboat.yaml", Variables(std::move(environment)));
}

// What is said about the whole configuration with `from` replaced by `to`; empty when it is
// accepted.
inline std::string complaint(const std::string& from, const std::string& to) {
  const auto loaded = parse_text(replaced(kWholeText, from, to));
  return loaded ? "" : loaded.error().describe();
}

}  // namespace lifeboat::config
