package engine

// What the engine is doing, in the words of Flatcar's.
const (
	Idle           = "UPDATE_STATUS_IDLE"
	Checking       = "UPDATE_STATUS_CHECKING_FOR_UPDATE"
	Available      = "UPDATE_STATUS_UPDATE_AVAILABLE"
	Downloading    = "UPDATE_STATUS_DOWNLOADING"
	Verifying      = "UPDATE_STATUS_VERIFYING"
	Finalizing     = "UPDATE_STATUS_FINALIZING"
	NeedReboot     = "UPDATE_STATUS_UPDATED_NEED_REBOOT"
	ReportingError = "UPDATE_STATUS_REPORTING_ERROR_EVENT"
)

const noVersion = "0.0.0"

// Status is what GetStatus answers and what each StatusUpdate carries.
type Status struct {
	LastChecked int64 // seconds since 1970; zero: not yet
	Progress    float64
	Operation   string
	NewVersion  string
	NewSize     int64
}

// Status is the present one.
func (e *Engine) Status() Status {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.status
}

func (e *Engine) update(change func(*Status)) {
	e.mutex.Lock()
	change(&e.status)
	status := e.status
	e.mutex.Unlock()
	e.Notify(status)
}

func (e *Engine) enter(operation string) {
	e.update(func(s *Status) { s.Operation = operation })
}
