import { createApp } from 'vue'
import 'element-plus/theme-chalk/base.css'
import '../shared/style/tokens.css'
import './styles/element-plus.css'
import './styles/base.css'
import './styles/tables.css'
import App from './App.vue'
import { i18n } from './i18n'
import { router } from './router'
import { usePreferences } from './shared/usePreferences'

usePreferences().restore()
createApp(App).use(i18n).use(router).mount('#app')
