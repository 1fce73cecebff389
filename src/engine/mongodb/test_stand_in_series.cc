#include <set>

#include "engine/mongodb/diff.h"
#include "engine/mongodb/test_stand_in_model.h"

// Time series as servers before 8.3 keep them: of each value of the metadata one bucket, in the
// form that has its measurements by their numbers. A later one shows none of its buckets: here it
// keeps the measurements themselves.
namespace lifeboat::engine::mongodb::testing {
namespace {

constexpr double kFirstRelease = 5.0;
constexpr double kOwnIndex = 6.3;  // from here on the server makes one itself
constexpr double kWithoutBuckets = 8.3;

std::string text_in_series(DocumentView options, std::string_view key) {
  const auto series = options.document_at("timeseries").value_or(DocumentView());
  return std::string(series.text_at(key).value_or(""));
}

std::int32_t measurements_of(DocumentView bucket, std::string_view time) {
  std::int32_t count = 0;
  const auto column = value_at(bucket, "data." + std::string(time));
  if (column)
    for ([[maybe_unused]] const auto& each : column->inside()) ++count;
  return count;
}

// {n: value} of each field but the metadata.
Bytes columns(DocumentView measurement, std::string_view meta, std::int32_t number) {
  DocumentBuilder data;
  for (const auto& field : measurement)
    if (field.key != meta)
      data.document(field.key, DocumentBuilder().element(std::to_string(number), field).take());
  return data.take();
}

Bytes first_bucket(std::int64_t id, DocumentView measurement, DocumentView options) {
  const auto meta = text_in_series(options, "metaField");
  const auto time = text_in_series(options, "timeField");
  const auto edge = DocumentBuilder().element(*measurement.find(time)).take();
  DocumentBuilder bucket;
  bucket.int64("_id", id).document(
      "control",
      DocumentBuilder().int32("version", 1).document("min", edge).document("max", edge).take());
  if (const auto value = measurement.find(meta)) bucket.element("meta", *value);
  return bucket.document("data", columns(measurement, meta, 0)).take();
}

// As the log has it: into each column that is there the next value, and columns that are new.
Bytes addition(DocumentView bucket, DocumentView measurement, DocumentView options) {
  const auto number = measurements_of(bucket, text_in_series(options, "timeField"));
  const auto whole = columns(measurement, text_in_series(options, "metaField"), number);
  const auto data = *bucket.document_at("data");
  DocumentBuilder inside;
  DocumentBuilder fresh;
  for (const auto& column : view_document(whole))
    if (!data.find(column.key)) fresh.element(column);
  if (!fresh.empty()) inside.document("i", fresh.take());
  for (const auto& column : view_document(whole))
    if (data.find(column.key))
      inside.document("s" + std::string(column.key),
                      DocumentBuilder().document("i", column.value).take());
  return DocumentBuilder().document("sdata", inside.take()).take();
}

Bytes measurement_at(DocumentView bucket, std::int32_t number, const std::string& meta) {
  const auto key = std::to_string(number);
  DocumentBuilder made;
  const auto data = bucket.document_at("data").value_or(DocumentView());
  // In another order than they were inserted in.
  if (const auto value = bucket.find("meta")) made.element(meta, *value);
  for (const auto& column : data)
    if (const auto value = column.inside().find(key)) made.element(column.key, *value);
  return made.take();
}

// In another order than it was inserted in, too.
Bytes meta_first(DocumentView measurement, const std::string& meta) {
  DocumentBuilder made;
  if (const auto value = measurement.find(meta)) made.element(*value);
  for (const auto& field : measurement)
    if (field.key != meta) made.element(field);
  return made.take();
}

}  // namespace

bool StandInModel::has_buckets(const StoredCollection& collection) {
  return collection.type == "timeseries" && collection.uuid.empty();
}

std::string StandInModel::stored_name(const StoredCollection& collection) {
  return has_buckets(collection) ? buckets_name(collection.name) : collection.name;
}

DocumentBuilder StandInModel::create_series(const Request& request, StoredCollection series) {
  const auto release = release_number(options_.version);
  if (release < kFirstRelease)
    throw Refusal{40415, "Location40415", "BSON field 'create.timeseries' is an unknown field."};
  series.type = "timeseries";
  const auto options = view_document(series.options);
  if (release >= kWithoutBuckets) {
    series.uuid = new_uuid(next_record_++);
    DocumentBuilder object;
    object.text("create", series.name);
    for (const auto& each : options) object.element(each);
    log_command(request, object.take());
  } else {
    create_buckets(request, series);
  }
  const auto meta = text_in_series(options, "metaField");
  const auto time = text_in_series(options, "timeField");
  if (release >= kOwnIndex && !meta.empty()) {
    const auto key = DocumentBuilder().int32(meta, 1).int32(time, 1).take();
    series.indexes.push_back(DocumentBuilder()
                                 .int32("v", 2)
                                 .document("key", key)
                                 .text("name", meta + "_1_" + time + "_1")
                                 .take());
    log_index(request, series, view_document(series.indexes.back()));
  }
  databases_[request.database][series.name] = std::move(series);
  return {};
}

void StandInModel::create_buckets(const Request& request, const StoredCollection& series) {
  auto& all = databases_[request.database];
  StoredCollection buckets{stored_name(series)};
  buckets.uuid = new_uuid(next_record_++);
  DocumentBuilder kept;
  kept.document("validator", DocumentBuilder().take()).boolean("clusteredIndex", true);
  for (const auto& each : view_document(series.options)) kept.element(each);
  buckets.options = kept.take();
  DocumentBuilder object;
  object.text("create", buckets.name);
  for (const auto& each : view_document(buckets.options)) object.element(each);
  log_command(request, object.take());
  all[buckets.name] = std::move(buckets);
  make_place_of_views(request);
  DocumentBuilder view;
  view.text("op", "i").document("o", DocumentBuilder()
                                         .text("_id", request.database + "." + series.name)
                                         .text("viewOn", stored_name(series))
                                         .take());
  log(request.database + ".system.views", std::move(view));
}

Bytes StandInModel::key_of_buckets(const StoredCollection& collection, DocumentView key) {
  if (!has_buckets(collection)) return to_bytes(key.bytes());
  const auto meta = text_in_series(view_document(collection.options), "metaField");
  DocumentBuilder made;
  for (const auto& field : key) {
    const std::string name(field.key);
    const bool falls = field.integer().value_or(1) < 0;
    if (name == meta) {
      made.element("meta", field);
      continue;
    }
    made.element((falls ? "control.max." : "control.min.") + name, field);
    made.element((falls ? "control.min." : "control.max.") + name, field);
  }
  return made.take();
}

DocumentBuilder StandInModel::insert_measurements(const Request& request,
                                                  const StoredCollection& series) {
  auto* keeper = found(request.database, stored_name(series));
  if (keeper == nullptr) throw Refusal{26, "NamespaceNotFound", "the series has no buckets here"};
  const Request into{request.database, request.command, request.name, keeper->name};
  const auto options = view_document(series.options);
  const auto documents = request.command.find("documents");
  std::int32_t inserted = 0;
  for (const auto& each : documents->inside()) {
    add_measurement(into, *keeper, options, each.inside());
    ++inserted;
  }
  DocumentBuilder reply;
  reply.int32("n", inserted);
  return reply;
}

void StandInModel::add_measurement(const Request& buckets, StoredCollection& into,
                                   DocumentView options, DocumentView measurement) {
  const auto time = measurement.find(text_in_series(options, "timeField"));
  if (!time || !time->holds(BsonType::date))
    throw Refusal{2, "BadValue",
                  "the time field must be present and contain a valid BSON UTC date"};
  if (into.type == "timeseries")
    return store(buckets, into, meta_first(measurement, text_in_series(options, "metaField")));
  const auto meta = measurement.find(text_in_series(options, "metaField"));
  for (auto& [number, record] : into.records) {
    const auto* there = record.at(std::nullopt);
    if (there == nullptr) continue;
    const auto bucket = view_document(*there);
    const auto own = bucket.find("meta");
    const bool is_same = own.has_value() == meta.has_value() &&
                         (!own || std::ranges::equal(own->value, meta->value));
    if (!is_same) continue;
    const auto diff = addition(bucket, measurement, options);
    auto changed = apply_diff(bucket, view_document(diff), PresentField::moved).value();
    DocumentBuilder entry;
    entry.text("op", "u")
        .document("o", DocumentBuilder().int32("$v", 2).document("diff", diff).take())
        .document("o2", filter_of_id(bucket));
    log(buckets.database + "." + buckets.collection, std::move(entry));
    record.put(now(), std::move(changed));
    return;
  }
  store(buckets, into, first_bucket(static_cast<std::int64_t>(next_record_), measurement, options));
}

std::vector<Bytes> StandInModel::measurements_in(const std::string& database,
                                                 const StoredCollection& series,
                                                 std::optional<Timestamp> moment) {
  const auto options = view_document(series.options);
  const auto meta = text_in_series(options, "metaField");
  const auto time = text_in_series(options, "timeField");
  std::vector<Bytes> all;
  const auto* buckets = found(database, stored_name(series));
  for (const auto& each : buckets == nullptr ? std::vector<Bytes>{} : buckets->present(moment)) {
    const auto bucket = view_document(each);
    for (std::int32_t i = 0; i < measurements_of(bucket, time); ++i)
      all.push_back(measurement_at(bucket, i, meta));
  }
  return all;
}

// Of 5.2 and later: values of several types in one field, unless it was told that there are such.
std::optional<Refusal> StandInModel::why_no_bucket(const Request& request, DocumentView bucket) {
  const auto* series = found(request.database, series_name(request.collection));
  if (series == nullptr || series->name == request.collection) return std::nullopt;
  if (view_document(series->options).is_true_at("timeseriesBucketsMayHaveMixedSchemaData"))
    return std::nullopt;
  const auto least = value_at(bucket, "control.min").value_or(Element{});
  const auto most = value_at(bucket, "control.max").value_or(Element{});
  for (const auto& field : least.inside()) {
    const auto other = most.inside().find(field.key);
    if (other && other->type != field.type)
      return Refusal{408, "CannotInsertTimeseriesBucketsWithMixedSchema",
                     "Cannot write time-series bucket containing mixed schema data, please run "
                     "collMod with timeseriesBucketsMayHaveMixedSchemaData and retry your insert"};
  }
  return std::nullopt;
}

}  // namespace lifeboat::engine::mongodb::testing
