#pragma once
// What a database is called that a drill makes on a server which others use too, and where in it
// the run's token is. Pure.
#include <string>
#include <string_view>

namespace lifeboat::engine::mongodb {

// How many letters a run's token has: hexadecimal digits.
inline constexpr std::size_t kScratchToken = 24;

// "lifeboat_TOKEN_1_db": within the 63 bytes that servers allow, of the letters that all of them
// do, and another one for each number, also where a server tells no small letter from a capital.
std::string scratch_database(std::string_view token, std::size_t number, std::string_view source);
// Whether it is one, of any run.
bool is_scratch_database(std::string_view database);

// Where the document is that holds the token: another collection for each run, so that none of a
// source has its name.
std::string token_collection(std::string_view token);
// Whether it is that of the database, which is no part of what was restored.
bool is_token_collection(std::string_view database, std::string_view collection);

}  // namespace lifeboat::engine::mongodb
