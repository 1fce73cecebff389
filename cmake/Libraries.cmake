# Every third-party library, found once. A room names the targets it uses:
#   tl::expected nlohmann_json::nlohmann_json fmt::fmt spdlog::spdlog
#   OpenSSL::Crypto PkgConfig::SODIUM PkgConfig::ZSTD PkgConfig::XXHASH
#   PkgConfig::BSON PkgConfig::MONGOC SQLite::SQLite3 CURL::libcurl jq TBB::tbb yaml-cpp CLI11::CLI11
#   Boost::headers LibArchive::LibArchive ZLIB::ZLIB
#   date::date date::date-tz Threads::Threads GTest::gtest GTest::gmock rapidcheck
# tools/packages lists the Debian packages that bring them.

find_package(Threads REQUIRED)
find_package(tl-expected REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(OpenSSL 3 REQUIRED COMPONENTS Crypto)
find_package(SQLite3 REQUIRED)
find_package(CURL REQUIRED)
find_package(LibArchive REQUIRED)
find_package(ZLIB REQUIRED)
find_package(TBB REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Boost REQUIRED)
find_package(date REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(BSON REQUIRED IMPORTED_TARGET libbson-1.0)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(MONGOC REQUIRED IMPORTED_TARGET libmongoc-1.0)

find_package(GTest REQUIRED)
find_package(rapidcheck QUIET)
