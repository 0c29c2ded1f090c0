// SPDX-License-Identifier: Apache-2.0
//
// A timing report in Vivado's layout with numbers of our own, for tests and as a fuzz seed. Two
// setup paths (an adder of 16 bits behind a LUT; two LUTs, with the delay of a cell on the next
// line or the same), one hold path that must be passed over.
#pragma once

#include <string_view>

namespace gatewright::testing {

inline constexpr std::string_view kVivadoReport =
    R"(| Tool Version      : Vivado v.2030.1 (lin64)
| Device            : xcvu9p-flga2104
| Speed File        : -2  PRODUCTION 1.00

------------------------------------------------------------------------------------------------
| Design Timing Summary
------------------------------------------------------------------------------------------------

    WNS(ns)      TNS(ns)  TNS Failing Endpoints  TNS Total Endpoints      WHS(ns)
    -------      -------  ---------------------  -------------------      -------
     -0.125       -0.250                      2                 1024        0.031

Max Delay Paths
--------------------------------------------------------------------------------------
Slack (VIOLATED) :        -0.125ns  (required time - arrival time)
  Source:                 a_reg[0]/C
                            (rising edge-triggered cell FDRE clocked by clk  {rise@0.000ns fall@0.500ns period=1.000ns})
  Destination:            s_reg[15]/D
                            (rising edge-triggered cell FDRE clocked by clk  {rise@0.000ns fall@0.500ns period=1.000ns})
  Path Group:             clk
  Path Type:              Setup (Max at Slow Process Corner)
  Requirement:            1.000ns  (clk rise@1.000ns - clk rise@0.000ns)
  Data Path Delay:        0.960ns  (logic 0.560ns (58.333%)  route 0.400ns (41.667%))
  Logic Levels:           3  (CARRY8=2 LUT2=1)
  Clock Path Skew:        -0.010ns (DCD - SCD + CPR)
  Clock Uncertainty:      0.035ns  ((TSJ^2 + TIJ^2)^1/2 + DJ) / 2 + PE

    Location             Delay type                Incr(ns)  Path(ns)    Netlist Resource(s)
  -------------------------------------------------------------------    -------------------
                         (clock clk rise edge)        0.000     0.000 r
                                                      0.000     0.000 r  clk (IN)
                         net (fo=332, unset)          0.035     0.035    clk
    SLICE_X1Y1           FDRE                                         r  a_reg[0]/C
  -------------------------------------------------------------------    -------------------
    SLICE_X1Y1           FDRE (Prop_CFF_SLICEL_C_Q)
                                                      0.080     0.115 r  a_reg[0]/Q
                         net (fo=3, routed)           0.300     0.415    a[0]
    SLICE_X1Y2           LUT2 (Prop_A6LUT_SLICEL_I0_O)
                                                      0.100     0.515 r  s_i_8/O
                         net (fo=1, routed)           0.010     0.525    s_i_8_n_0
    SLICE_X1Y2           CARRY8 (Prop_CARRY8_SLICEL_S[0]_CO[7])
                                                      0.150     0.675 r  s_reg[7]_i_1/CO[7]
                         net (fo=1, routed)           0.028     0.703    s_reg[7]_i_1_n_0
    SLICE_X1Y3           CARRY8 (Prop_CARRY8_SLICEL_CI_CO[7])
                                                      0.015     0.718 r  s_reg[15]_i_1/CO[7]
                         net (fo=1, routed)           0.028     0.746    s_reg[15]_i_1_n_0
    SLICE_X1Y4           CARRY8 (Prop_CARRY8_SLICEL_CI_O[7])
                                                      0.090     0.836 r  s_reg[23]_i_1/O[7]
                         net (fo=1, routed)           0.020     0.856    s[15]
    SLICE_X1Y4           FDRE                                         r  s_reg[15]/D
  -------------------------------------------------------------------    -------------------

                         (clock clk rise edge)        1.000     1.000 r
                         net (fo=332, unset)          0.025     1.025    clk
                         clock pessimism              0.000     1.025
                         clock uncertainty           -0.035     0.990
    SLICE_X1Y4           FDRE (Setup_CFF_SLICEL_C_D)
                                                      0.025     1.015    s_reg[15]

Slack (MET) :             0.245ns  (required time - arrival time)
  Source:                 b_reg/C
                            (rising edge-triggered cell FDRE clocked by clk)
  Destination:            c_reg/D
                            (rising edge-triggered cell FDRE clocked by clk)
  Path Group:             clk
  Path Type:              Setup (Max at Slow Process Corner)
  Requirement:            1.000ns  (clk rise@1.000ns - clk rise@0.000ns)
  Data Path Delay:        0.740ns  (logic 0.260ns (35.135%)  route 0.480ns (64.865%))
  Logic Levels:           2  (LUT4=1 LUT6=1)

    Location             Delay type                Incr(ns)  Path(ns)    Netlist Resource(s)
  -------------------------------------------------------------------    -------------------
                         FDRE                         0.000     0.000 r  b_reg/C
                         FDRE (Prop_FDRE_C_Q)         0.080     0.080 r  b_reg/Q
                         net (fo=1, unplaced)         0.200     0.280    b
                         LUT4 (Prop_LUT4_I0_O)        0.060     0.340 f  m_i_1/O
                         net (fo=64, unplaced)        0.260     0.600    m
                         LUT6 (Prop_LUT6_I2_O)        0.120     0.720 r  c_i_1/O
                         net (fo=1, unplaced)         0.020     0.740    c_i_1_n_0
                         FDRE                                         r  c_reg/D
  -------------------------------------------------------------------    -------------------

Min Delay Paths
--------------------------------------------------------------------------------------
Slack (MET) :             0.031ns  (arrival time - required time)
  Source:                 a_reg[0]/C
  Destination:            d_reg/D
  Path Group:             clk
  Path Type:              Hold (Min at Fast Process Corner)
  Requirement:            0.000ns  (clk rise@0.000ns - clk rise@0.000ns)

    Location             Delay type                Incr(ns)  Path(ns)    Netlist Resource(s)
  -------------------------------------------------------------------    -------------------
                         FDRE (Prop_FDRE_C_Q)         0.040     0.040 r  a_reg[0]/Q
                         net (fo=1, routed)           0.030     0.070    d
  -------------------------------------------------------------------    -------------------
)";

inline constexpr std::string_view kVivadoUtilization =
    R"(1. CLB Logic
+----------------------------+-------+-------+------------+-----------+-------+
|          Site Type         |  Used | Fixed | Prohibited | Available | Util% |
+----------------------------+-------+-------+------------+-----------+-------+
| CLB LUTs*                  |  5021 |     0 |          0 |   1182240 |  0.42 |
|   LUT as Logic             |  5000 |     0 |          0 |   1182240 |  0.42 |
| CLB Registers              |  9000 |     0 |          0 |   2364480 |  0.38 |
+----------------------------+-------+-------+------------+-----------+-------+
)";

}  // namespace gatewright::testing
