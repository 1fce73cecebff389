#include "engine/mongodb/features.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace lifeboat::engine::mongodb {
namespace {

struct FeatureInfo {
  Feature feature;
  std::string_view name;
  std::string_view loss;  // what a restore without it comes to
};

constexpr std::array kFeatures{
    FeatureInfo{Feature::capped, "capped", "grows without bound"},
    FeatureInfo{Feature::clustered, "clustered", "is not clustered: larger and slower"},
    FeatureInfo{Feature::collation, "collation", "compares text by bytes"},
    FeatureInfo{Feature::encrypted_fields, "encrypted-fields", "loses its encrypted fields"},
    FeatureInfo{Feature::expiry, "expiry", "keeps documents that should expire"},
    FeatureInfo{Feature::geo_2d, "2d", "lacks an index on places"},
    FeatureInfo{Feature::geo_2dsphere, "2dsphere", "lacks an index on places"},
    FeatureInfo{Feature::geo_haystack, "geoHaystack", "lacks an index on places"},
    FeatureInfo{Feature::hashed, "hashed", "lacks a hashed index"},
    FeatureInfo{Feature::hidden, "hidden", "has an index that is not hidden"},
    FeatureInfo{Feature::partial, "partial", "has an index over all documents, or none"},
    FeatureInfo{Feature::pre_images, "pre-images", "keeps no images for change streams"},
    FeatureInfo{Feature::sparse, "sparse",
                "has an index over all documents: a unique one refuses "
                "a second document without the field"},
    FeatureInfo{Feature::text, "text", "cannot be searched for text"},
    FeatureInfo{Feature::time_series, "time-series",
                "becomes an ordinary collection, in which nothing expires"},
    FeatureInfo{Feature::time_series_buckets, "time-series-buckets",
                "is not there: what is restored holds its buckets, which only a server of 5.0 to "
                "8.2 takes"},
    FeatureInfo{Feature::unique, "unique", "takes duplicates"},
    FeatureInfo{Feature::validator, "validator", "takes documents that break its rules"},
    FeatureInfo{Feature::view, "view", "is not there"},
    FeatureInfo{Feature::wildcard, "wildcard", "lacks a wildcard index"},
};

const FeatureInfo& info_about(Feature feature) {
  return kFeatures.at(static_cast<std::size_t>(feature));
}

bool is_another_collation(DocumentView document) {
  const auto collation = document.document_at("collation");
  return collation && collation->text_at("locale") != "simple";
}

std::set<Feature> of_options(const Collection& collection) {
  const auto options = collection.options();
  std::set<Feature> used;
  const auto when = [&](bool is_used, Feature feature) {
    if (is_used) used.insert(feature);
  };
  const auto has = [&](std::string_view key) { return options.find(key).has_value(); };
  const auto images = options.document_at("changeStreamPreAndPostImages");
  const auto validator = options.document_at("validator");
  when(collection.kind == CollectionKind::view, Feature::view);
  when(collection.kind == CollectionKind::time_series || has("timeseries"), Feature::time_series);
  when(options.is_true_at("capped"), Feature::capped);
  when(has("clusteredIndex"), Feature::clustered);
  when(has("encryptedFields"), Feature::encrypted_fields);
  when(has("expireAfterSeconds"), Feature::expiry);
  when(images && images->is_true_at("enabled"), Feature::pre_images);
  when(validator && !validator->empty(), Feature::validator);
  when(is_another_collation(options), Feature::collation);
  return used;
}

const std::map<std::string_view, Feature> kOptionNeeds{
    {"capped", Feature::capped},
    {"size", Feature::capped},
    {"max", Feature::capped},
    {"clusteredIndex", Feature::clustered},
    {"collation", Feature::collation},
    {"encryptedFields", Feature::encrypted_fields},
    {"expireAfterSeconds", Feature::expiry},
    {"changeStreamPreAndPostImages", Feature::pre_images},
    {"timeseries", Feature::time_series},
    {"validator", Feature::validator},
    {"validationLevel", Feature::validator},
    {"validationAction", Feature::validator},
};

// What the values of a key say: {place: "2dsphere"}, {"$**": 1}.
std::set<Feature> of_key(DocumentView key) {
  static const std::map<std::string_view, Feature> kKinds{
      {"2d", Feature::geo_2d},     {"2dsphere", Feature::geo_2dsphere},
      {"hashed", Feature::hashed}, {"geoHaystack", Feature::geo_haystack},
      {"text", Feature::text},
  };
  std::set<Feature> used;
  for (const auto& field : key) {
    const auto kind = kKinds.find(field.text().value_or(""));
    if (kind != kKinds.end()) used.insert(kind->second);
    if (field.key == "$**" || field.key.ends_with(".$**")) used.insert(Feature::wildcard);
  }
  // A text index over all fields is written in the same way.
  if (used.contains(Feature::text)) used.erase(Feature::wildcard);
  return used;
}

std::set<Feature> of_index(DocumentView index) {
  auto used = of_key(*index.document_at("key"));
  const auto when = [&](bool is_used, Feature feature) {
    if (is_used) used.insert(feature);
  };
  when(index.is_true_at("unique") && !index.is_true_at("clustered"), Feature::unique);
  when(index.is_true_at("sparse"), Feature::sparse);
  when(index.is_true_at("hidden"), Feature::hidden);
  when(index.find("partialFilterExpression").has_value(), Feature::partial);
  when(index.find("expireAfterSeconds").has_value(), Feature::expiry);
  when(is_another_collation(index), Feature::collation);
  return used;
}

Finding loss_of(Feature feature, const std::string& object) {
  const auto& info = info_about(feature);
  return {"feature-lost", object, fmt::format("the server has no {}: it {}", info.name, info.loss)};
}

}  // namespace

std::string_view name_of(Feature feature) { return info_about(feature).name; }

Result<Feature> feature_named(std::string_view name) {
  for (const auto& each : kFeatures)
    if (each.name == name) return each.feature;
  return fail(Code::corrupt, fmt::format("\"{}\" is no feature of a server", name));
}

std::map<Feature, std::vector<std::string>> used_features(const Catalog& catalog) {
  std::map<Feature, std::vector<std::string>> used;
  for (const auto& collection : catalog.collections) {
    const auto object = catalog.database + "." + collection.name;
    for (const auto feature : of_options(collection)) used[feature].push_back(object);
    for (const auto& each : collection.indexes) {
      const auto index = view_document(each);
      const auto name = index.text_at("name").value_or("");
      for (const auto feature : of_index(index))
        used[feature].push_back(fmt::format("{}, index {}", object, name));
    }
  }
  return used;
}

std::vector<Finding> lost_features(const Catalog& catalog, const std::set<Feature>& offered) {
  std::vector<Finding> lost;
  for (const auto& [feature, objects] : used_features(catalog)) {
    if (offered.contains(feature)) continue;
    for (const auto& object : objects) lost.push_back(loss_of(feature, object));
  }
  return lost;
}

std::vector<Finding> lost_with_buckets(const Catalog& catalog, const std::set<Feature>& offered) {
  if (offered.contains(Feature::time_series_buckets)) return lost_features(catalog, offered);
  auto rest = catalog;
  std::vector<Finding> lost;
  std::erase_if(rest.collections, [&](const auto& each) {
    if (each.has_buckets())
      lost.push_back(loss_of(Feature::time_series_buckets, catalog.database + "." + each.name));
    return each.has_buckets();
  });
  std::ranges::move(lost_features(rest, offered), std::back_inserter(lost));
  return lost;
}

Bytes options_without_lost(DocumentView options, const std::set<Feature>& offered) {
  DocumentBuilder kept;
  for (const auto& option : options) {
    const auto needs = kOptionNeeds.find(option.key);
    if (needs == kOptionNeeds.end() || offered.contains(needs->second)) kept.element(option);
  }
  return kept.take();
}

// What a time series is follows from its options; the identity is of the server that it was on.
Collection without_lost(const Collection& collection, const std::set<Feature>& offered) {
  const bool plain =
      collection.kind == CollectionKind::time_series && !offered.contains(Feature::time_series);
  auto of_collections = offered;
  if (plain) of_collections.erase(Feature::expiry);  // which is of an index there
  DocumentBuilder info;
  for (const auto& field : view_document(collection.info)) {
    if (field.key == "options")
      info.document("options", options_without_lost(collection.options(), of_collections));
    else if (field.key == "type" && plain)
      info.text("type", "collection");
    else
      info.element(field);
  }
  auto indexes = collection.indexes;
  std::erase_if(indexes, [&](const Bytes& index) {
    return !std::ranges::includes(offered, of_index(view_document(index)));
  });
  return check_collection(info.take(), std::move(indexes)).value_or(collection);
}

}  // namespace lifeboat::engine::mongodb
