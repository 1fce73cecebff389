#pragma once
// One request of a journey and what its answer is held against. Stateless.
#include "drill/app/options.h"
#include "drill/app/text.h"
#include "net/http.h"

namespace lifeboat::drill {

// The request with everything filled in; `not_found` names what is not known, `usage` a header
// that cannot be sent.
Result<net::HttpRequest> build_request(const StepOptions& step, const Names& names,
                                       const std::string& boundary);

// What is wrong with an answer, in words without its contents; empty when it is as expected.
std::vector<std::string> faults_of(const net::HttpResponse& response, const ExpectOptions& expect);
// The same, without the jq assertions, and of these alone: they depend on nothing but the body.
std::vector<std::string> plain_faults_of(const net::HttpResponse& response,
                                         const ExpectOptions& expect);
std::vector<std::string> filter_faults_of(const net::HttpResponse& response,
                                          const ExpectOptions& expect);

// The names of the fields of the record that is answered; of a list, of any record in it.
Result<std::vector<std::string>> fields_of(const net::HttpResponse& response);

// One answer is waited for no longer than there is time for all of them.
net::HttpLimits limits_until(std::chrono::steady_clock::time_point end);

}  // namespace lifeboat::drill
