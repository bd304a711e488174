// Agents for connections through a proxy. scripts/compile.js bundles their packages into one file.
export { HttpProxyAgent } from "http-proxy-agent";
export { HttpsProxyAgent } from "https-proxy-agent";
