const https = require("https");
function forecast(city, token) {
  return https.get("https://api.weather.example.invalid/v2/forecast?city=" + city, { headers: { authorization: "Bearer " + token } });
}
console.log(typeof forecast);
