class Queue {
  constructor(limit) { this.limit = limit; this.items = []; }
  add(item) { this.items.push(item); if (this.items.length > this.limit) this.items.shift(); return this; }
}
console.log(new Queue(2).add("one").add("two").add("three").items);
