-- What each order is worth, from its lines.
CREATE VIEW order_totals AS
SELECT o.id AS orderId, o.userId AS userId, o.state AS state,
       count(i.line) AS lines, coalesce(sum(i.lineCents), 0) AS totalCents
FROM orders o LEFT JOIN order_items i ON i.orderId = o.id
GROUP BY o.id;
