-- Products, and the rows that point at files in the uploads folder.
CREATE TABLE products (
  id INTEGER PRIMARY KEY,
  sku TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  description TEXT NOT NULL DEFAULT '',
  priceCents INTEGER NOT NULL CHECK (priceCents >= 0),
  costCents INTEGER NOT NULL CHECK (costCents >= 0),
  supplier TEXT,
  stock INTEGER NOT NULL DEFAULT 0 CHECK (stock >= 0),
  weightKg REAL,
  createdAt TEXT NOT NULL,
  updatedAt TEXT NOT NULL,
  deletedAt TEXT
);
CREATE INDEX products_live ON products (name) WHERE deletedAt IS NULL;

CREATE TABLE images (
  id INTEGER PRIMARY KEY,
  productId INTEGER NOT NULL REFERENCES products (id),
  key TEXT NOT NULL,
  size INTEGER NOT NULL CHECK (size >= 0),
  sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
  contentType TEXT NOT NULL,
  createdAt TEXT NOT NULL,
  deletedAt TEXT
);
CREATE INDEX images_product ON images (productId);
CREATE INDEX images_key ON images (key);
