// Package bus puts the engine on the system's D-Bus, under the name and with the methods of Flatcar's.
package bus

import (
	"context"
	"fmt"

	"github.com/godbus/dbus/v5"
	"github.com/godbus/dbus/v5/introspect"

	"coreos-lab/update-engine/engine"
)

// Name, Path and Interface, as on Flatcar; locksmith looks for them.
const (
	Name      = "com.coreos.update1"
	Path      = dbus.ObjectPath("/com/coreos/update1")
	Interface = "com.coreos.update1.Manager"
)

const describe = `<node>
	<interface name="` + Interface + `">
		<method name="AttemptUpdate"></method>
		<method name="ResetStatus"></method>
		<method name="GetStatus">
			<arg type="x" name="last_checked_time" direction="out"/>
			<arg type="d" name="progress" direction="out"/>
			<arg type="s" name="current_operation" direction="out"/>
			<arg type="s" name="new_version" direction="out"/>
			<arg type="x" name="new_size" direction="out"/>
		</method>
		<signal name="StatusUpdate">
			<arg type="x" name="last_checked_time"/>
			<arg type="d" name="progress"/>
			<arg type="s" name="current_operation"/>
			<arg type="s" name="new_version"/>
			<arg type="x" name="new_size"/>
		</signal>
	</interface>` + introspect.IntrospectDataString + `</node>`

type manager struct {
	engine *engine.Engine
	ctx    context.Context
}

func (m manager) AttemptUpdate() *dbus.Error {
	m.engine.Begin(m.ctx, true, func() {})
	return nil
}

func (m manager) ResetStatus() *dbus.Error {
	if err := m.engine.ResetStatus(); err != nil {
		return dbus.MakeFailedError(err)
	}
	return nil
}

func (m manager) GetStatus() (lastChecked int64, progress float64, operation, version string, size int64, failure *dbus.Error) {
	s := m.engine.Status()
	return s.LastChecked, s.Progress, s.Operation, s.NewVersion, s.NewSize, nil
}

// Serve answers on the bus; changes of the status go out as signals from then on.
func Serve(ctx context.Context, connection *dbus.Conn, e *engine.Engine) error {
	e.Notify = func(s engine.Status) {
		_ = connection.Emit(Path, Interface+".StatusUpdate", s.LastChecked, s.Progress, s.Operation, s.NewVersion, s.NewSize)
	}
	if err := connection.Export(manager{e, ctx}, Path, Interface); err != nil {
		return err
	}
	if err := connection.Export(introspect.Introspectable(describe), Path, "org.freedesktop.DBus.Introspectable"); err != nil {
		return err
	}
	reply, err := connection.RequestName(Name, dbus.NameFlagDoNotQueue)
	if err != nil {
		return err
	}
	if reply != dbus.RequestNameReplyPrimaryOwner {
		return fmt.Errorf("another program is %s on the bus already", Name)
	}
	return nil
}
