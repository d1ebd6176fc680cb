// What makes the desk quicker where scripts run. Every page works without it.
"use strict";
