-- Orders and their lines; every change of state leaves a line in the audit log, whoever makes it.
CREATE TABLE orders (
  id INTEGER PRIMARY KEY,
  userId INTEGER NOT NULL REFERENCES users (id),
  state TEXT NOT NULL DEFAULT 'pending'
    CHECK (state IN ('pending', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded')),
  note TEXT,
  createdAt TEXT NOT NULL,
  updatedAt TEXT NOT NULL,
  updatedBy INTEGER REFERENCES users (id),
  deletedAt TEXT
);
CREATE INDEX orders_user ON orders (userId, createdAt);
CREATE INDEX orders_created ON orders (createdAt);

CREATE TABLE order_items (
  orderId INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  line INTEGER NOT NULL,
  productId INTEGER NOT NULL REFERENCES products (id),
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  unitCents INTEGER NOT NULL CHECK (unitCents >= 0),
  lineCents INTEGER GENERATED ALWAYS AS (quantity * unitCents) STORED,
  PRIMARY KEY (orderId, line)
) WITHOUT ROWID;
CREATE INDEX order_items_product ON order_items (productId);

CREATE TRIGGER orders_state_audit AFTER UPDATE OF state ON orders
WHEN OLD.state IS NOT NEW.state
BEGIN
  INSERT INTO audit_log (at, userId, action, subject, detail)
  VALUES (NEW.updatedAt, NEW.updatedBy, 'order.state', 'order/' || NEW.id,
          json_object('from', OLD.state, 'to', NEW.state));
END;
