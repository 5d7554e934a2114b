/// <reference types="vite/client" />

// The light build has the same interface as the whole library, less what we do not use.
declare module 'hls.js/light' {
  import Hls from 'hls.js'
  export * from 'hls.js'
  export default Hls
}
