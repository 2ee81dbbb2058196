"""Where those who look on take hold: observers, a profile's recorder, a debugger's stops."""
