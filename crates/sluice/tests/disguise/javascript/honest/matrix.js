function multiply(a, b) {
  return a.map(row => b[0].map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0)));
}
console.log(multiply([[1, 2], [3, 4]], [[0, 1], [1, 0]]));
